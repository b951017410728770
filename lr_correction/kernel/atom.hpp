// The energy of one atom and its derivatives, with all its neighbours in vectors.
//
// Formulas: doi:10.1103/PhysRevB.104.104309 and doi:10.1063/5.0106617. Sums over neighbours of one type are made of the
// Chebyshev functions themselves (radial) or of g_n (angular); the expansion coefficients enter once per type or pair.
#pragma once

#include "neighbours.hpp"

namespace kernel {

constexpr double COULOMB = 14.399645;  // eV A / e^2, GPUMD's value

constexpr double SAME = 1e-16;  // A^2; closer atoms have no direction from one to the other

struct Coincident : std::runtime_error {
  std::size_t first, second;
  Coincident(std::size_t a, std::size_t b) : std::runtime_error("two atoms are at the same place"), first(a), second(b) {}
};

// L is the degree of the moments, or 0 where it is known at run time alone.
template <class R, int L> class Worker {
  using V = typename Lanes<R>::V;
  using N8 = Eight<R>;
  static constexpr int W = Lanes<R>::count;
  static constexpr int MOST_K = 32, MOST_LM = L ? (L + 1) * (L + 1) - 1 : 80;

 public:
  Worker(const Model& model, const Neighbours& near)
      : model_(model), size_(model.size), table_(model.tables<R>()), near_(near), nk_(near.kinds) {
    room_ = round_up(static_cast<int>(near.most) + 2 * W, 16);
    for (auto* array : {&dx_, &dy_, &dz_, &r_, &inverse_, &x_, &fc_, &slope_, &inner_, &fx_, &fy_, &fz_, &ax_, &ay_,
                        &az_, &ar_, &ai_, &afc_, &ax01_, &aslope_, &ainner_})
      array->assign(room_, R(0));
    id_.assign(room_, 0);
    aid_.assign(room_, 0);
    f_.assign(static_cast<std::size_t>(size_.angular_k) * room_, R(0));
    df_.assign(f_.size(), R(0));
    y_.assign(static_cast<std::size_t>(columns()) * room_, R(0));
    g_.assign(static_cast<std::size_t>(size_.angular_n) * room_, R(0));
    dg_.assign(g_.size(), R(0));
    rows_.assign(static_cast<std::size_t>(room_) * table_.angular_wide, R(0));
    moments.assign(static_cast<std::size_t>(columns()) * table_.angular_wide, R(0));
    by_moment_.assign(moments.size(), R(0));
    blocks_.assign(table_.radial_wide + table_.angular_wide * size_.kinds(), R(0));
    q.assign(table_.input, R(0));
    fp.assign(table_.input, R(0));
    fpq.assign(table_.input, R(0));
    hidden.assign(table_.hidden, R(0));
    delta_.assign(table_.hidden, R(0));
    start_.assign(nk_ + 1, 0);
    astart_.assign(nk_ + 1, 0);
  }

  Array<R> q, fp, fpq, hidden, moments;  // descriptors without their scale; derivatives of energy and charge by them
  double energy = 0.0, charge = 0.0;
  bool charges = false;  // whether fpq and charge are wanted

  // Neighbours within the cutoffs.
  void gather(std::size_t i) {
    i_ = i;
    type_ = near_.kind_type[near_.kind[i]];
    const double* at = &near_.place[4 * i];
    const double px = at[0], py = at[1], pz = at[2];
    int n = 0;
    double least = 1.0;
    for (int k = 0; k < nk_; ++k) {
      start_[k] = n;
      const double rc = model_.radial_cutoff[type_ * size_.types + near_.kind_type[k]], limit = rc * rc;
      const std::int32_t* c = near_.list.data() + near_.first[i * nk_ + k];
      const std::int32_t* end = near_.list.data() + near_.first[i * nk_ + k + 1];
      for (; c != end; ++c) {
        const double* to = &near_.place[4 * static_cast<std::size_t>(*c)];
        const double x = to[0] - px, y = to[1] - py, z = to[2] - pz, square = x * x + y * y + z * z;
        id_[n] = *c;
        dx_[n] = static_cast<R>(x);
        dy_[n] = static_cast<R>(y);
        dz_[n] = static_cast<R>(z);
        r_[n] = static_cast<R>(square);
        least = square < least ? square : least;
        n += square < limit;
      }
    }
    start_[nk_] = count_ = n;
    if (least < SAME) coincident();
    int a = 0;
    for (int k = 0; k < nk_; ++k) {
      astart_[k] = a;
      const double rc = model_.angular_cutoff[type_ * size_.types + near_.kind_type[k]];
      const R limit = static_cast<R>(rc * rc);
      for (int p = start_[k]; p < start_[k + 1]; ++p) {
        aid_[a] = id_[p];
        ax_[a] = dx_[p];
        ay_[a] = dy_[p];
        az_[a] = dz_[p];
        ar_[a] = r_[p];
        a += r_[p] < limit;
      }
    }
    astart_[nk_] = acount_ = a;
    lengths(r_.data(), inverse_.data(), n);
    lengths(ar_.data(), ai_.data(), a);
    for (int p = 0; p < a; ++p) {
      ax_[p] *= ai_[p];
      ay_[p] *= ai_[p];
      az_[p] *= ai_[p];
    }
  }

  // Descriptors, energy and charge of the atom.
  void forward() {
    radial_functions();
    radial_sums();
    angular_functions();
    angular_sums();
    network();
  }

  // What backward() needs of an atom whose moments are known.
  void functions(const R* known) {
    radial_functions();
    angular_functions();
    std::copy_n(known, moments.size(), moments.data());
  }

  // Derivatives of sum_d weight_d q_d by the vectors to the neighbours, given to add(neighbour, vector, fx, fy, fz).
  template <class F> void backward(const R* weight, F add) {
    radial_forces(weight);
    for (int p = 0; p < count_; ++p) add(id_[p], p, dx_[p], dy_[p], dz_[p], fx_[p], fy_[p], fz_[p]);
    angular_forces(weight + size_.radial_n);
    for (int p = 0; p < acount_; ++p)
      add(aid_[p], p, ax_[p] * ar_[p], ay_[p] * ar_[p], az_[p] * ar_[p], fx_[p], fy_[p], fz_[p]);
  }

  // The repulsion at short distances: half of every bond's energy, and the derivatives of that half.
  template <class F> double repulsion(F add) {
    double sum = 0.0;
    for (int k = 0; k < nk_; ++k) {
      const double* row = &model_.repulsion[13 * (type_ * size_.types + near_.kind_type[k])];
      for (int p = astart_[k]; p < astart_[k + 1]; ++p) {
        const double r = ar_[p];
        if (r >= row[0]) continue;
        double value = 0.0, slope = 0.0;
        for (int term = 5; term < 13; term += 2) {
          const double b = row[term + 1] * row[4], part = row[term] * std::exp(-b * r);
          value += part;
          slope -= b * part;
        }
        double on = 1.0, turning = 0.0;
        if (r > row[1] && row[2] > row[1]) {
          const double rate = PI / (row[2] - row[1]), phase = rate * (r - row[1]);
          on = 0.5 * (1.0 + std::cos(phase));
          turning = -0.5 * rate * std::sin(phase);
        }
        const double bare = row[3] / r;
        sum += bare * value * on;
        const double along = bare * ((slope - value / r) * on + value * turning);
        add(aid_[p], p, R(0), R(0), R(0), along * ax_[p], along * ay_[p], along * az_[p]);
      }
    }
    return sum;
  }

  // Potential of charges screened by erfc(alpha r) within the radial cutoff, eV/e; forces by add, of half the energy.
  template <class F> double screened(const double* charge_of, double alpha, F add) {
    const R a = static_cast<R>(alpha);
    V potential{};
    for (int p = 0; p < count_; p += W) {
      R other[W];
      for (int l = 0; l < W; ++l) other[l] = p + l < count_ ? static_cast<R>(charge_of[id_[p + l]]) : R(0);
      const V charge = load<V>(other) * R(COULOMB), r = load<V>(&r_[p]), inverse = load<V>(&inverse_[p]);
      const V x = r * a, gauss = exponential<R>(-x * x), t = x * R(2.0 / PI) - R(1);
      V ahead{}, behind{};
      for (int k = Model::FIT - 1; k > 0; --k) {
        const V next = R(2) * t * ahead - behind + static_cast<R>(model_.erfcx[k]);
        behind = ahead;
        ahead = next;
      }
      const V value = (t * ahead - behind + static_cast<R>(model_.erfcx[0])) * gauss * inverse;
      potential += charge * value;
      // d(erfc(alpha r)/r)/dr, halved, times the other charge
      const V slope = charge * R(-0.5) * (value + gauss * static_cast<R>(2.0 * alpha / std::sqrt(PI))) * inverse;
      const V scale = slope * inverse;
      store(&fx_[p], scale * load<V>(&dx_[p]));
      store(&fy_[p], scale * load<V>(&dy_[p]));
      store(&fz_[p], scale * load<V>(&dz_[p]));
    }
    const R own = static_cast<R>(charge_of[i_]);
    for (int p = 0; p < count_; ++p) add(id_[p], p, dx_[p], dy_[p], dz_[p], own * fx_[p], own * fy_[p], own * fz_[p]);
    return sum_lanes<R>(potential);
  }

 private:
  KERNEL_INLINE int degree() const { return L ? L : size_.degree; }
  KERNEL_INLINE int columns() const { return L ? MOST_LM : size_.columns(); }

  const Model& model_;
  const Sizes& size_;
  const Tables<R>& table_;
  const Neighbours& near_;
  int nk_, room_, type_ = 0, count_ = 0, acount_ = 0;
  std::size_t i_ = 0;
  Array<std::int32_t> id_, aid_;
  Array<R> dx_, dy_, dz_, r_, inverse_, x_, fc_, slope_, inner_, fx_, fy_, fz_;       // by radial neighbour
  Array<R> ax_, ay_, az_, ar_, ai_, afc_, ax01_, aslope_, ainner_;                    // by angular one; unit vectors
  Array<R> f_, df_, y_, g_, dg_;                                                      // (k or lm or n, neighbour)
  Array<R> rows_;                                                                     // g_n again, (neighbour, n)
  Array<R> by_moment_, blocks_, delta_;
  std::vector<int> start_, astart_;

  void coincident() const {
    const double* at = &near_.place[4 * i_];
    for (std::size_t c = near_.first[i_ * nk_]; c < near_.first[(i_ + 1) * nk_]; ++c) {
      const std::size_t j = static_cast<std::size_t>(near_.list[c]);
      const double* to = &near_.place[4 * j];
      const double x = to[0] - at[0], y = to[1] - at[1], z = to[2] - at[2];
      if (x * x + y * y + z * z < SAME) {
        const std::size_t other = j < near_.atoms ? j : static_cast<std::size_t>(near_.owner[j - near_.atoms]);
        throw Coincident(near_.order[i_], near_.order[other]);
      }
    }
  }

  static void lengths(R* square, R* inverse, int count) {
    for (int p = 0; p < count; ++p) {
      square[p] = std::sqrt(square[p]);
      inverse[p] = R(1) / square[p];
    }
    for (int p = count; p < count + W; ++p) {  // behind the end: numbers that do no harm
      square[p] = R(1);
      inverse[p] = R(1);
    }
  }

  // Chebyshev argument, cutoff function and their derivatives by the distance of the neighbours from..to.
  static KERNEL_INLINE void envelope(const R* r, int from, int to, double cutoff, R* x, R* fc, R* slope, R* inner) {
    const R over = static_cast<R>(1.0 / cutoff), rate = static_cast<R>(-0.5 * PI / cutoff);
    for (int p = from; p < to; p += W) {
      const V s = load<V>(r + p) * over;
      V cosine, sine;
      cos_sin_pi<R>(s, cosine, sine);
      V value = R(0.5) + R(0.5) * cosine, turning = rate * sine;
      const V d = s - R(1);
      V within = R(2) * over * d * value;  // fc times half of dx/dr
      if (p + W > to) {
        R mask[W];
        for (int l = 0; l < W; ++l) mask[l] = p + l < to ? R(1) : R(0);
        const V m = load<V>(mask);
        value *= m;
        turning *= m;
        within *= m;
      }
      store(x + p, R(2) * d * d - R(1));
      store(fc + p, value);
      store(slope + p, turning);
      store(inner + p, within);
    }
  }

  void radial_functions() {
    for (int k = 0; k < nk_; ++k)
      envelope(r_.data(), start_[k], start_[k + 1], model_.radial_cutoff[type_ * size_.types + near_.kind_type[k]],
               x_.data(), fc_.data(), slope_.data(), inner_.data());
  }

  void radial_sums() {
    const int K = size_.radial_k, wide = table_.radial_wide;
    std::fill(blocks_.begin(), blocks_.begin() + wide, R(0));
    for (int k = 0; k < nk_; ++k) {
      V sums[MOST_K];
      for (int b = 0; b < K; ++b) sums[b] = V{};
      if (start_[k] == start_[k + 1]) continue;
      for (int p = start_[k]; p < start_[k + 1]; p += W) {
        const V fc = mask_after(load<V>(&fc_[p]), p, start_[k + 1]), twice = R(2) * load<V>(&x_[p]);
        V before = fc, now = fc * R(0.5) * twice;  // T_k fc
        sums[0] += before;
        for (int b = 1; b < K; ++b) {
          sums[b] += now;
          const V next = twice * now - before;
          before = now;
          now = next;
        }
      }
      const R* c = &table_.radial_kn[static_cast<std::size_t>(type_ * size_.types + near_.kind_type[k]) * K * wide];
      const R total = sum_lanes<R>(sums[0]);
      for (int b = 0; b < K; ++b) {
        const R sum = b ? R(0.5) * (sum_lanes<R>(sums[b]) + total) : total;
        for (int n = 0; n < wide; n += EIGHT) {
          N8 to = N8::read(&blocks_[n]);
          to.add(N8::read(c + b * wide + n), sum);
          to.write(&blocks_[n]);
        }
      }
    }
  }

  // The next type's neighbours begin within a vector.
  static KERNEL_INLINE V mask_after(V value, int p, int end) {
    if (p + W > end) {
      R mask[W];
      for (int l = 0; l < W; ++l) mask[l] = p + l < end ? R(1) : R(0);
      value *= load<V>(mask);
    }
    return value;
  }

  void angular_functions() {
    const int K = size_.angular_k, N = size_.angular_n, wide = table_.angular_wide;
    for (int k = 0; k < nk_; ++k)
      envelope(ar_.data(), astart_[k], astart_[k + 1], model_.angular_cutoff[type_ * size_.types + near_.kind_type[k]],
               ax01_.data(), afc_.data(), aslope_.data(), ainner_.data());
    for (int p = 0; p < acount_; p += W) {
      const V x = load<V>(&ax01_[p]), twice = x + x, fc = load<V>(&afc_[p]), slope = load<V>(&aslope_[p]);
      const V inner = load<V>(&ainner_[p]), half = fc * R(0.5), turning = slope * R(0.5);
      V before = V{} + R(1), now = x, older = V{}, derivative = V{} + R(1);  // T_k and U_(k-1)
      store(&f_[p], fc);
      store(&df_[p], slope);
      for (int b = 1; b < K; ++b) {
        const V next = twice * now - before, newer = twice * derivative - older, shape = now + R(1);
        store(&f_[b * room_ + p], half * shape);
        store(&df_[b * room_ + p], turning * shape + inner * derivative * static_cast<R>(b));
        before = now;
        now = next;
        older = derivative;
        derivative = newer;
      }
      harmonics(p);
    }
    for (int k = 0; k < nk_; ++k) {
      const std::size_t pair = static_cast<std::size_t>(type_ * size_.types + near_.kind_type[k]);
      const R* c = &table_.angular_nk[pair * N * K];
      for (int p = astart_[k]; p < astart_[k + 1]; p += W)
        for (int n = 0; n < N; ++n) {
          V value{}, slope{};
          for (int b = 0; b < K; ++b) {
            value += load<V>(&f_[b * room_ + p]) * c[n * K + b];
            slope += load<V>(&df_[b * room_ + p]) * c[n * K + b];
          }
          store(&g_[n * room_ + p], value);
          store(&dg_[n * room_ + p], slope);
        }
      const R* d = &table_.angular_kn[pair * K * wide];
      for (int n = 0; n < wide; n += EIGHT)
        for (int p = astart_[k]; p < astart_[k + 1]; ++p) {
          N8 sum = N8::zero();
          for (int b = 0; b < K; ++b) sum.add(N8::read(d + b * wide + n), f_[b * room_ + p]);
          sum.write(&rows_[static_cast<std::size_t>(p) * wide + n]);
        }
    }
  }

  // Y_lm of a vector of neighbours.
  KERNEL_INLINE void harmonics(int p) {
    const V x = load<V>(&ax_[p]), y = load<V>(&ay_[p]), z = load<V>(&az_[p]);
    const int last = L ? L : size_.degree;
    V real = V{} + R(1), imaginary = V{};
#pragma GCC unroll 9
    for (int m = 0; m <= last; ++m) {
      if (m > 0) {
        const V turned = x * real - y * imaginary;
        imaginary = x * imaginary + y * real;
        real = turned;
      }
      V before{}, now = V{} + static_cast<R>(model_.start[m]);
#pragma GCC unroll 9
      for (int l = m; l <= last; ++l) {
        if (l > m) {
          const V next = now * z * static_cast<R>(model_.ahead[l][m]) + before * static_cast<R>(model_.behind[l][m]);
          before = now;
          now = next;
        }
        if (l == 0) continue;
        const int column = l * (l + 1) - 1;
        store(&y_[(column + m) * room_ + p], now * real);
        if (m > 0) store(&y_[(column - m) * room_ + p], now * imaginary);
      }
    }
  }

  void angular_sums() {
    const int wide = table_.angular_wide, N = size_.angular_n, at = size_.radial_n;
    constexpr int TILE = 8;
    for (int n = 0; n < wide; n += EIGHT)
      for (int first = 0; first < columns(); first += TILE) {
        if (first + TILE <= columns())
          tile<TILE>(first, n);
        else
          for (int c = first; c < columns(); ++c) tile<1>(c, n);
      }
    std::copy_n(blocks_.data(), size_.radial_n, q.data());
    for (int n = 0; n < wide; n += EIGHT) {
      for (int l = 1; l <= degree(); ++l) {
        N8 sum = N8::zero();
        for (int c = l * l - 1; c < (l + 1) * (l + 1) - 1; ++c) {
          const N8 a = N8::read(&moments[c * wide + n]);
          sum += a * a;
        }
        put(sum, at + (l - 1) * N, n);
      }
      for (int v = 0; v < size_.invariants; ++v) put(invariant(v, n), at + (degree() + v) * N, n);
    }
  }

  void put(const N8& value, int at, int n) {
    R parts[EIGHT];
    value.write(parts);
    for (int e = 0; e < EIGHT && n + e < size_.angular_n; ++e) q[at + n + e] = parts[e];
  }

  template <int COUNT> KERNEL_INLINE void tile(int first, int n) {
    const int wide = table_.angular_wide;
    N8 sums[COUNT];
    for (int c = 0; c < COUNT; ++c) sums[c] = N8::zero();
    const R* y = &y_[first * room_];
    const R* g = rows_.data() + n;
    for (int p = 0; p < acount_; ++p) {
      const N8 value = N8::read(g + static_cast<std::size_t>(p) * wide);
#pragma GCC unroll 8
      for (int c = 0; c < COUNT; ++c) sums[c].add(value, y[c * room_ + p]);
    }
    for (int c = 0; c < COUNT; ++c) sums[c].write(&moments[(first + c) * wide + n]);
  }

  N8 invariant(int v, int n) const {
    const int wide = table_.angular_wide;
    N8 sum = N8::zero();
    if (model_.terms[v].empty()) {
      for (int c = 0; c < 3; ++c) {
        const N8 a = N8::read(&moments[c * wide + n]);
        sum += a * a;
      }
      return sum * sum * static_cast<R>(model_.quartic);
    }
    for (const Term& t : model_.terms[v])
      sum.add(N8::read(&moments[t.a * wide + n]) * N8::read(&moments[t.b * wide + n]) *
                  N8::read(&moments[t.c * wide + n]),
              static_cast<R>(t.factor));
    return sum;
  }

  void network() {
    const int D = size_.descriptors(), M = size_.neurons, deep = table_.hidden, input = table_.input;
    const std::size_t t = static_cast<std::size_t>(type_);
    const R* forth = &table_.forth[t * D * deep];
    V total{}, total_charge{};
    for (int m = 0; m < deep; m += W) {
      V sum = -load<V>(&table_.bias[t * deep + m]);
      for (int d = 0; d < D; ++d) sum += load<V>(forth + d * deep + m) * q[d];
      const V h = hyperbolic_tangent<R>(sum), w = load<V>(&table_.energy[t * deep + m]);
      store(&hidden[m], h);
      total += w * h;
      store(&delta_[m], w * (R(1) - h * h));
      if (charges) total_charge += load<V>(&table_.charge[t * deep + m]) * h;
    }
    energy = sum_lanes<R>(total);
    contract(&table_.back[t * M * input], fp);
    if (!charges) return;
    charge = sum_lanes<R>(total_charge);
    for (int m = 0; m < deep; m += W) {
      const V h = load<V>(&hidden[m]);
      store(&delta_[m], load<V>(&table_.charge[t * deep + m]) * (R(1) - h * h));
    }
    contract(&table_.back[t * M * input], fpq);
  }

  void contract(const R* back, Array<R>& to) const {
    const int M = size_.neurons, input = table_.input;
    for (int d = 0; d < input; d += W) {
      V sum{};
      for (int m = 0; m < M; ++m) sum += load<V>(back + m * input + d) * delta_[m];
      store(&to[d], sum);
    }
  }

  void radial_forces(const R* weight) {
    const int K = size_.radial_k, N = size_.radial_n, deep = table_.radial_deep;
    for (int k = 0; k < nk_; ++k) {
      if (start_[k] == start_[k + 1]) continue;
      const R* c = &table_.radial_nk[static_cast<std::size_t>(type_ * size_.types + near_.kind_type[k]) * N * deep];
      R by_k[MOST_K];
      for (int b = 0; b < deep; b += EIGHT) {
        N8 sum = N8::zero();
        for (int n = 0; n < N; ++n) sum.add(N8::read(c + n * deep + b), weight[n]);
        sum.write(by_k + b);
      }
      R all = by_k[0];
      for (int b = 1; b < K; ++b) {
        by_k[b] *= R(0.5);
        all += by_k[b];
      }
      // sum_k G_k f_k = fc (all + sum_(k>0) G_k T_k / 2)
      for (int p = start_[k]; p < start_[k + 1]; p += W) {
        const V twice = R(2) * load<V>(&x_[p]);
        V before = V{} + R(1), now = R(0.5) * twice, older = V{}, derivative = V{} + R(1);
        V value = V{} + all, slope{};
        for (int b = 1; b < K; ++b) {
          value += now * by_k[b];
          slope += derivative * (by_k[b] * static_cast<R>(2 * b));
          const V next = twice * now - before, newer = twice * derivative - older;
          before = now;
          now = next;
          older = derivative;
          derivative = newer;
        }
        const V along = (value * load<V>(&slope_[p]) + slope * load<V>(&inner_[p])) * load<V>(&inverse_[p]);
        store(&fx_[p], along * load<V>(&dx_[p]));
        store(&fy_[p], along * load<V>(&dy_[p]));
        store(&fz_[p], along * load<V>(&dz_[p]));
      }
    }
  }

  void angular_forces(const R* weight) {
    const int wide = table_.angular_wide, N = size_.angular_n;
    for (int n = 0; n < wide; n += EIGHT) {
      for (int l = 1; l <= degree(); ++l) {
        const N8 w = take(weight + (l - 1) * N, n) * R(2);
        for (int c = l * l - 1; c < (l + 1) * (l + 1) - 1; ++c)
          (N8::read(&moments[c * wide + n]) * w).write(&by_moment_[c * wide + n]);
      }
      for (int v = 0; v < size_.invariants; ++v) add_gradient(v, n, take(weight + (degree() + v) * N, n));
    }
    for (int p = 0; p < acount_; p += W) angular_vector(p, N, wide);
  }

  N8 take(const R* from, int n) const {
    R parts[EIGHT] = {};
    for (int e = 0; e < EIGHT && n + e < size_.angular_n; ++e) parts[e] = from[n + e];
    return N8::read(parts);
  }

  void add_gradient(int v, int n, const N8& weight) {
    const int wide = table_.angular_wide;
    auto add = [&](int c, const N8& value) {
      N8 to = N8::read(&by_moment_[c * wide + n]);
      to += value;
      to.write(&by_moment_[c * wide + n]);
    };
    if (model_.terms[v].empty()) {
      N8 a[3], sum = N8::zero();
      for (int c = 0; c < 3; ++c) {
        a[c] = N8::read(&moments[c * wide + n]);
        sum += a[c] * a[c];
      }
      const N8 factor = weight * sum * static_cast<R>(4.0 * model_.quartic);
      for (int c = 0; c < 3; ++c) add(c, factor * a[c]);
      return;
    }
    for (const Term& t : model_.terms[v]) {
      const N8 a = N8::read(&moments[t.a * wide + n]), b = N8::read(&moments[t.b * wide + n]);
      const N8 c = N8::read(&moments[t.c * wide + n]), w = weight * static_cast<R>(t.factor);
      add(t.a, w * b * c);
      add(t.b, w * a * c);
      add(t.c, w * a * b);
    }
  }

  KERNEL_INLINE void angular_vector(int p, int N, int wide) {
    V outer[MOST_LM], along{};  // sum_n g_n B_nlm
    for (int c = 0; c < columns(); ++c) {
      V value{}, slope{};
      for (int n = 0; n < N; ++n) {
        const R b = by_moment_[c * wide + n];
        value += load<V>(&g_[n * room_ + p]) * b;
        slope += load<V>(&dg_[n * room_ + p]) * b;
      }
      outer[c] = value;
      along += slope * load<V>(&y_[c * room_ + p]);
    }
    const V x = load<V>(&ax_[p]), y = load<V>(&ay_[p]), z = load<V>(&az_[p]);
    const int last = L ? L : size_.degree;
    V real = V{} + R(1), imaginary = V{}, by_x{}, by_y{}, by_z{};
#pragma GCC unroll 9
    for (int m = 0; m <= last; ++m) {
      V plus{}, minus{}, plus_z{}, minus_z{};  // sum_l C_lm Pi_lm of Re and Im, and their derivatives by z
      V before{}, now = V{} + static_cast<R>(model_.start[m]), before_z{}, now_z{};
#pragma GCC unroll 9
      for (int l = m; l <= last; ++l) {
        if (l > m) {
          const R a = static_cast<R>(model_.ahead[l][m]), b = static_cast<R>(model_.behind[l][m]);
          const V next = now * z * a + before * b, next_z = (now + now_z * z) * a + before_z * b;
          before = now;
          now = next;
          before_z = now_z;
          now_z = next_z;
        }
        if (l == 0) continue;
        const int column = l * (l + 1) - 1;
        plus += outer[column + m] * now;
        plus_z += outer[column + m] * now_z;
        if (m > 0) {
          minus += outer[column - m] * now;
          minus_z += outer[column - m] * now_z;
        }
      }
      if (m > 0) {  // real and imaginary are of the power m - 1 here
        by_x += (plus * real + minus * imaginary) * static_cast<R>(m);
        by_y += (minus * real - plus * imaginary) * static_cast<R>(m);
        const V turned = x * real - y * imaginary;
        imaginary = x * imaginary + y * real;
        real = turned;
      }
      by_z += plus_z * real + minus_z * imaginary;
    }
    const V inverse = load<V>(&ai_[p]), outward = along - (x * by_x + y * by_y + z * by_z) * inverse;
    store(&fx_[p], outward * x + by_x * inverse);
    store(&fy_[p], outward * y + by_y * inverse);
    store(&fz_[p], outward * z + by_z * inverse);
  }
};

}  // namespace kernel
