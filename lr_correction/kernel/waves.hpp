// The sum over reciprocal vectors of point charges with gaussian screening, exact: structure factors by recursion over
// the integers of k. E = sum over half of k of G |S|^2, G = K_C (4 pi / V) exp(-k^2 / 4 alpha^2) / k^2.
#pragma once

#include "atom.hpp"

namespace kernel {

class Waves {
 public:
  Waves(const double* cell, double alpha, double largest) : alpha_(alpha) {
    std::copy_n(cell, 9, cell_);
    volume_ = std::fabs(determinant(cell));
    double inverse[9];
    invert(cell, inverse);
    for (int a = 0; a < 3; ++a) {
      double length = 0.0;
      for (int c = 0; c < 3; ++c) {
        length += cell[3 * a + c] * cell[3 * a + c];
        basis_[3 * a + c] = 2.0 * PI * inverse[3 * c + a];
      }
      most_[a] = static_cast<int>(std::floor(largest * std::sqrt(length) / (2.0 * PI)));
    }
    // Half space: x > 0, or x = 0 and y > 0, or both 0 and z > 0. A line has all its z at once, as +z and -z.
    for (int x = 0; x <= most_[0]; ++x)
      for (int y = x ? -most_[1] : 0; y <= most_[1]; ++y) {
        int reach = -1;
        Line line{x, y, 0, weight_.size()};
        for (int z = 0; z <= most_[2]; ++z)
          if (inside(x, y, z, largest) || inside(x, y, -z, largest)) reach = z;
        if (reach < 0) continue;
        line.count = reach + 1;
        for (int z = 0; z <= reach; ++z)
          for (int sign : {1, -1}) {
            const bool half = x > 0 || y > 0 ? !(z == 0 && sign < 0) : z > 0 && sign > 0;
            weight_.push_back(half && inside(x, y, sign * z, largest) ? weight(x, y, sign * z) : 0.0);
          }
        lines_.push_back(line);
      }
  }

  // Energy; adds potential (N), gradient of the energy by positions (N, 3), and virial (9) = -dE/dstrain.
  double all(const double* positions, const double* charges, std::size_t atoms, double* potential, double* forces,
             double* virial, int threads) {
    const std::size_t blocks = (atoms + BLOCK - 1) / BLOCK;
    threads = static_cast<int>(std::min<std::size_t>(std::max(threads, 1), blocks));
    std::vector<Array<double>> parts(threads);
    on_threads(threads, [&](int thread) {
      Phases phases(most_);
      parts[thread].assign(2 * weight_.size(), 0.0);
      for (std::size_t b = thread; b < blocks; b += threads) {
        phases.set(positions, charges, atoms, b, basis_);
        collect(phases, parts[thread].data());
      }
    });
    for (int t = 1; t < threads; ++t)
      for (std::size_t k = 0; k < parts[0].size(); ++k) parts[0][k] += parts[t][k];
    Array<double>& factor = parts[0];  // S(k): real, imaginary
    double energy = 0.0;
    for (const Line& line : lines_)
      for (int z = 0; z < line.count; ++z)
        for (int s = 0; s < 2; ++s) {
          const std::size_t at = line.first + 2 * z + s;
          const double g = weight_[at];
          if (g == 0.0) {
            factor[2 * at] = factor[2 * at + 1] = 0.0;
            continue;
          }
          const double part = g * (factor[2 * at] * factor[2 * at] + factor[2 * at + 1] * factor[2 * at + 1]);
          energy += part;
          double k[3];
          const double n[3] = {double(line.x), double(line.y), double(s ? -z : z)};
          times(n, basis_, k);
          const double square = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
          const double strain = 2.0 / square + 0.5 / (alpha_ * alpha_);
          for (int a = 0; a < 3; ++a)
            for (int c = 0; c < 3; ++c) virial[3 * a + c] += part * ((a == c) - strain * k[a] * k[c]);
          factor[2 * at] *= 2.0 * g;
          factor[2 * at + 1] *= 2.0 * g;
        }
    on_threads(threads, [&](int thread) {
      Phases phases(most_);
      for (std::size_t b = thread; b < blocks; b += threads) {
        phases.set(positions, charges, atoms, b, basis_);
        spread(phases, factor.data(), charges, atoms, b, potential, forces);
      }
    });
    return energy;
  }

 private:
  static constexpr int BLOCK = 64;
  using V = Lanes<double>::V;
  static constexpr int W = Lanes<double>::count, PARTS = BLOCK / W;

  struct Line {
    int x, y, count;
    std::size_t first;
  };

  struct Phases {  // cos and sin of n b.r for a block of atoms, n = 0 .. most
    Array<double> axis[3];
    Array<double> charge;
    explicit Phases(const int* most) : charge(BLOCK, 0.0) {
      for (int a = 0; a < 3; ++a) axis[a].assign(2 * static_cast<std::size_t>(most[a] + 1) * BLOCK, 0.0);
      std::copy_n(most, 3, most_);
    }
    int most_[3];
    double* at(int a, int n) { return &axis[a][2 * static_cast<std::size_t>(n) * BLOCK]; }
    void set(const double* positions, const double* charges, std::size_t atoms, std::size_t block, const double* basis) {
      for (int i = 0; i < BLOCK; ++i) {
        const std::size_t atom = block * BLOCK + i;
        charge[i] = atom < atoms ? charges[atom] : 0.0;
        const double* r = positions + 3 * (atom < atoms ? atom : 0);
        for (int a = 0; a < 3; ++a) {
          const double angle = basis[3 * a] * r[0] + basis[3 * a + 1] * r[1] + basis[3 * a + 2] * r[2];
          at(a, 0)[i] = 1.0;
          at(a, 0)[BLOCK + i] = 0.0;
          if (most_[a] < 1) continue;
          at(a, 1)[i] = std::cos(angle);
          at(a, 1)[BLOCK + i] = std::sin(angle);
        }
      }
      for (int a = 0; a < 3; ++a)
        for (int n = 2; n <= most_[a]; ++n) {
          // from the halves: errors grow with the logarithm of n alone
          const double *one = at(a, n / 2), *two = at(a, n - n / 2);
          double* to = at(a, n);
          for (int i = 0; i < BLOCK; ++i) {
            to[i] = one[i] * two[i] - one[BLOCK + i] * two[BLOCK + i];
            to[BLOCK + i] = one[i] * two[BLOCK + i] + one[BLOCK + i] * two[i];
          }
        }
    }
    // e^(i (x b1 + y b2).r), y of either sign
    KERNEL_INLINE void plane(int x, int y, int part, V& real, V& imaginary) {
      const double *p = at(0, x), *q = at(1, y < 0 ? -y : y);
      const double sign = y < 0 ? -1.0 : 1.0;
      const V a = load<V>(p + part * W), b = load<V>(p + BLOCK + part * W);
      const V c = load<V>(q + part * W), d = load<V>(q + BLOCK + part * W) * sign;
      real = a * c - b * d;
      imaginary = a * d + b * c;
    }
  };

  double cell_[9], basis_[9], volume_, alpha_;
  int most_[3];
  std::vector<Line> lines_;
  std::vector<double> weight_;  // of +z and -z in turn

  bool inside(int x, int y, int z, double largest) const {
    const double n[3] = {double(x), double(y), double(z)};
    double k[3];
    times(n, basis_, k);
    const double square = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
    return square < largest * largest && (x || y || z);
  }
  double weight(int x, int y, int z) const {
    const double n[3] = {double(x), double(y), double(z)};
    double k[3];
    times(n, basis_, k);
    const double square = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
    return 4.0 * PI * COULOMB / volume_ * std::exp(-0.25 * square / (alpha_ * alpha_)) / square;
  }

  // S(k) = sum q e^(i k.r), of +z and -z from the same four products.
  void collect(Phases& phases, double* factor) const {
    for (const Line& line : lines_) {
      V real[PARTS], imaginary[PARTS];
      for (int part = 0; part < PARTS; ++part) {
        phases.plane(line.x, line.y, part, real[part], imaginary[part]);
        const V charge = load<V>(&phases.charge[part * W]);
        real[part] *= charge;
        imaginary[part] *= charge;
      }
      for (int z = 0; z < line.count; ++z) {
        const double *c = phases.at(2, z), *s = c + BLOCK;
        V rc{}, rs{}, ic{}, is{};
        for (int part = 0; part < PARTS; ++part) {
          const V cosine = load<V>(c + part * W), sine = load<V>(s + part * W);
          rc += real[part] * cosine;
          rs += real[part] * sine;
          ic += imaginary[part] * cosine;
          is += imaginary[part] * sine;
        }
        const double a = sum_lanes<double>(rc), b = sum_lanes<double>(rs), d = sum_lanes<double>(ic);
        const double e = sum_lanes<double>(is);
        double* to = factor + 2 * (line.first + 2 * z);
        to[0] += a - e;
        to[1] += b + d;
        to[2] += a + e;
        to[3] += d - b;
      }
    }
  }

  // Potential Re(conj(S) e^(i k.r)) and force -q k-weighted imaginary part; `factor` holds 2 G S.
  void spread(Phases& phases, const double* factor, const double* charges, std::size_t atoms, std::size_t block,
              double* potential, double* forces) const {
    V value[PARTS], along[3][PARTS];
    for (int part = 0; part < PARTS; ++part) value[part] = along[0][part] = along[1][part] = along[2][part] = V{};
    for (const Line& line : lines_)
      for (int part = 0; part < PARTS; ++part) {
        V real, imaginary;
        phases.plane(line.x, line.y, part, real, imaginary);
        // sum over z of conj(S) e^(+-i z b3.r) = u + i v, and the same weighted with +-z
        V u{}, v{}, zu{}, zv{};
        for (int z = 0; z < line.count; ++z) {
          const double* f = factor + 2 * (line.first + 2 * z);
          const V c = load<V>(phases.at(2, z) + part * W), s = load<V>(phases.at(2, z) + BLOCK + part * W);
          const double p = f[0] + f[2], m = f[0] - f[2], ip = f[1] + f[3], im = f[1] - f[3];
          // conj(S+)(c + i s) + conj(S-)(c - i s)
          const V first = c * p + s * im, second = s * m - c * ip;
          const V third = c * m + s * ip, fourth = s * p - c * im;
          u += first;
          v += second;
          zu += third * double(z);
          zv += fourth * double(z);
        }
        value[part] += real * u - imaginary * v;
        const V across = real * v + imaginary * u;
        along[0][part] += across * double(line.x);
        along[1][part] += across * double(line.y);
        along[2][part] += real * zv + imaginary * zu;
      }
    double out[4][BLOCK];
    for (int part = 0; part < PARTS; ++part) {
      store(&out[0][part * W], value[part]);
      for (int a = 0; a < 3; ++a) store(&out[a + 1][part * W], along[a][part]);
    }
    for (int i = 0; i < BLOCK && block * BLOCK + i < atoms; ++i) {
      const std::size_t atom = block * BLOCK + i;
      potential[atom] += out[0][i];
      const double n[3] = {out[1][i], out[2][i], out[3][i]};
      double gradient[3];
      times(n, basis_, gradient);
      for (int c = 0; c < 3; ++c) forces[3 * atom + c] += charges[atom] * gradient[c];
    }
  }
};

}  // namespace kernel
