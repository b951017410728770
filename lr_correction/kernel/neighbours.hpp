// Atoms, their images, and the list of neighbours with a skin that is kept until an atom has moved too far.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <thread>
#include <vector>

#include "model.hpp"

namespace kernel {

// Runs work(thread) on every thread; what one throws is thrown again here.
template <class F> void on_threads(int threads, F work) {
  if (threads <= 1) {
    work(0);
    return;
  }
  std::vector<std::exception_ptr> wrong(threads);
  std::vector<std::thread> running;
  auto guarded = [&](int thread) {
    try {
      work(thread);
    } catch (...) {
      wrong[thread] = std::current_exception();
    }
  };
  for (int t = 1; t < threads; ++t) running.emplace_back(guarded, t);
  guarded(0);
  for (std::thread& one : running) one.join();
  for (const auto& error : wrong)
    if (error) std::rethrow_exception(error);
}

struct Box {
  double cell[9];  // rows are lattice vectors; those of directions that are not periodic are completed
  bool periodic[3];
};

inline double determinant(const double* m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

inline void invert(const double* m, double* out) {
  const double d = 1.0 / determinant(m);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      const int a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, e = (i + 2) % 3;
      out[3 * i + j] = d * (m[3 * a + c] * m[3 * b + e] - m[3 * a + e] * m[3 * b + c]);
    }
}

inline void times(const double* v, const double* m, double* out) {  // row vector times matrix
  for (int c = 0; c < 3; ++c) out[c] = v[0] * m[c] + v[1] * m[3 + c] + v[2] * m[6 + c];
}

// Largest stretch that undoes the change of the cell: the norm of before^-1... of (before^-1 now)^-1.
inline double largest_stretch(const double* before, const double* now) {
  double inverse[9], m[9], s[9];
  invert(now, inverse);
  for (int i = 0; i < 3; ++i) times(inverse + 3 * i, before, m + 3 * i);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      s[3 * i + j] = 0.0;
      for (int k = 0; k < 3; ++k) s[3 * i + j] += m[3 * k + i] * m[3 * k + j];
    }
  double norm = 0.0;  // bound of the largest eigenvalue by rows, exact for an unchanged cell
  for (int i = 0; i < 3; ++i)
    norm = std::max(norm, std::fabs(s[3 * i]) + std::fabs(s[3 * i + 1]) + std::fabs(s[3 * i + 2]));
  return std::sqrt(norm);
}

class Neighbours {
 public:
  std::size_t atoms = 0, all = 0;      // all: images too
  int kinds = 0;                       // types that occur
  std::vector<int> kind_type;          // type of every kind
  Array<double> place;                 // (all, 4)
  std::vector<std::int32_t> owner;     // of every image, the atom
  std::vector<std::int32_t> order;     // atom as given, of every atom here
  std::vector<std::int32_t> kind;      // of every atom
  std::vector<std::int32_t> list;      // neighbours, by kind
  std::vector<std::size_t> first;      // (atoms * kinds + 1)
  std::size_t most = 0;                // neighbours of one atom
  std::size_t rebuilt = 0;
  Box box{};

  // Brings everything up to date for new positions (N, 3).
  void update(const double* positions, const std::int64_t* types, std::size_t count, const Box& now, double cutoff,
              double skin, int threads) {
    if (!usable(positions, types, count, now, cutoff)) build(positions, types, count, now, cutoff + skin, threads);
    box = now;
    move(positions);
  }

 private:
  double reach_ = 0.0;
  Box built_{};
  std::vector<double> origin_;          // positions at the last build, as given
  std::vector<std::int64_t> types_;     // as given
  std::vector<std::int32_t> wrap_;      // (atoms, 3), order of here
  std::vector<std::int32_t> shift_;     // (images, 3), from the atom as it is wrapped

  bool usable(const double* positions, const std::int64_t* types, std::size_t count, const Box& now, double cutoff) {
    if (count != atoms || reach_ == 0.0 || !std::equal(types, types + count, types_.begin())) return false;
    for (int a = 0; a < 3; ++a)
      if (now.periodic[a] != built_.periodic[a]) return false;
    double back[9], map[9];
    invert(built_.cell, back);
    for (int i = 0; i < 3; ++i) times(back + 3 * i, now.cell, map + 3 * i);
    const double room = reach_ / largest_stretch(built_.cell, now.cell) - cutoff;
    if (!(room > 0.0)) return false;
    const double limit = 0.25 * room * room;
    for (std::size_t i = 0; i < count; ++i) {
      double moved[3], square = 0.0;
      times(&origin_[3 * i], map, moved);
      for (int c = 0; c < 3; ++c) {
        const double d = positions[3 * i + c] - moved[c];
        square += d * d;
      }
      if (!(square < limit)) return false;
    }
    return true;
  }

  void move(const double* positions) {
    for (std::size_t i = 0; i < atoms; ++i) {
      const double w[3] = {double(wrap_[3 * i]), double(wrap_[3 * i + 1]), double(wrap_[3 * i + 2])};
      double by[3];
      times(w, box.cell, by);
      const double* from = positions + 3 * static_cast<std::size_t>(order[i]);
      for (int c = 0; c < 3; ++c) place[4 * i + c] = from[c] + by[c];
      place[4 * i + 3] = 0.0;
    }
    for (std::size_t g = 0; g < all - atoms; ++g) {
      const double w[3] = {double(shift_[3 * g]), double(shift_[3 * g + 1]), double(shift_[3 * g + 2])};
      double by[3];
      times(w, box.cell, by);
      double* to = &place[4 * (atoms + g)];
      const double* from = &place[4 * static_cast<std::size_t>(owner[g])];
      for (int c = 0; c < 3; ++c) to[c] = from[c] + by[c];
      to[3] = 0.0;
    }
  }

  void build(const double* positions, const std::int64_t* types, std::size_t count, const Box& now, double reach,
             int threads) {
    ++rebuilt;
    reach_ = 0.0;  // nothing is usable if this fails
    atoms = count;
    box = built_ = now;
    origin_.assign(positions, positions + 3 * count);
    types_.assign(types, types + count);
    std::vector<int> known(1 + static_cast<std::size_t>(*std::max_element(types, types + count)), -1);
    kind_type.clear();
    for (std::size_t i = 0; i < count; ++i) known[types[i]] = 0;
    for (std::size_t t = 0; t < known.size(); ++t)
      if (known[t] == 0) {
        known[t] = static_cast<int>(kind_type.size());
        kind_type.push_back(static_cast<int>(t));
      }
    kinds = static_cast<int>(kind_type.size());

    // Wrap, and sort by place so that neighbours lie near each other in memory.
    double inverse[9], margin[3];
    invert(now.cell, inverse);
    for (int a = 0; a < 3; ++a)
      margin[a] = reach * std::sqrt(inverse[a] * inverse[a] + inverse[3 + a] * inverse[3 + a] + inverse[6 + a] * inverse[6 + a]);
    std::vector<double> fraction(3 * count), wrapped(3 * count);
    std::vector<std::int32_t> turns(3 * count);
    double low[3], high[3];
    for (std::size_t i = 0; i < count; ++i) {
      times(positions + 3 * i, inverse, &fraction[3 * i]);
      double by[3] = {0.0, 0.0, 0.0};
      for (int a = 0; a < 3; ++a)
        if (now.periodic[a]) {
          const double turn = std::floor(fraction[3 * i + a]);
          if (!(std::fabs(turn) < 1e9)) throw std::invalid_argument("an atom is more than 1e9 cells away");
          turns[3 * i + a] = -static_cast<std::int32_t>(turn);
          fraction[3 * i + a] -= turn;
          by[a] = -turn;
        }
      times(by, now.cell, &wrapped[3 * i]);
      for (int c = 0; c < 3; ++c) {
        const double x = wrapped[3 * i + c] += positions[3 * i + c];
        low[c] = i ? std::min(low[c], x) : x;
        high[c] = i ? std::max(high[c], x) : x;
      }
    }
    const Grid coarse(low, high, 0.7 * reach, count);
    std::vector<std::size_t> edges;
    std::vector<std::int32_t> inside = coarse.sorted(wrapped.data(), 3, count, edges);
    order = std::move(inside);
    kind.resize(count);
    wrap_.resize(3 * count);
    for (std::size_t i = 0; i < count; ++i) {
      kind[i] = known[types[order[i]]];
      std::copy_n(&turns[3 * order[i]], 3, &wrap_[3 * i]);
    }

    // Images within reach of the cell.
    owner.clear();
    shift_.clear();
    double expected = 1.0;
    for (int a = 0; a < 3; ++a)
      if (now.periodic[a]) expected *= 1.0 + 2.0 * margin[a];
    if (!(expected * count < std::max(2e6, 64.0 * count)))
      throw std::invalid_argument("too many images are within the cutoff; is the cell too thin?");
    for (std::size_t i = 0; i < count; ++i) {
      int least[3] = {0, 0, 0}, greatest[3] = {0, 0, 0};
      for (int a = 0; a < 3; ++a)
        if (now.periodic[a]) {
          const double f = fraction[3 * order[i] + a];
          least[a] = static_cast<int>(std::ceil(-margin[a] - f - 1e-9));
          greatest[a] = static_cast<int>(std::floor(1.0 + margin[a] - f + 1e-9));
        }
      for (int x = least[0]; x <= greatest[0]; ++x)
        for (int y = least[1]; y <= greatest[1]; ++y)
          for (int z = least[2]; z <= greatest[2]; ++z)
            if (x || y || z) {
              owner.push_back(static_cast<std::int32_t>(i));
              shift_.insert(shift_.end(), {x, y, z});
            }
    }
    all = count + owner.size();
    place.resize(4 * all);
    move(positions);
    pairs(reach, threads);
    reach_ = reach;
  }

  struct Grid {
    double low[3], width[3];
    long bins[3];
    Grid(const double* least, const double* greatest, double edge, std::size_t count) {
      double size[3];
      for (int c = 0; c < 3; ++c) {
        low[c] = least[c];
        size[c] = std::max(greatest[c] - least[c], 1e-3);
      }
      const double most = 8.0 * static_cast<double>(count) + 64.0;
      for (;; edge *= 1.3) {  // few bins in a sparse box
        double total = 1.0;
        for (int c = 0; c < 3; ++c) total *= std::floor(size[c] / edge) + 1.0;
        if (total <= most) break;
      }
      for (int c = 0; c < 3; ++c) {
        bins[c] = static_cast<long>(size[c] / edge) + 1;
        width[c] = edge;
      }
    }
    long along(double x, int c) const {
      return std::clamp(static_cast<long>((x - low[c]) / width[c]), 0L, bins[c] - 1);
    }
    std::size_t row(long y, long z) const { return static_cast<std::size_t>((z * bins[1] + y) * bins[0]); }
    std::vector<std::int32_t> sorted(const double* places, int stride, std::size_t count,
                                     std::vector<std::size_t>& edges) const {
      std::vector<std::size_t> bin(count);
      edges.assign(static_cast<std::size_t>(bins[0] * bins[1] * bins[2]) + 1, 0);
      for (std::size_t i = 0; i < count; ++i) {
        const double* p = places + stride * i;
        bin[i] = row(along(p[1], 1), along(p[2], 2)) + static_cast<std::size_t>(along(p[0], 0));
        ++edges[bin[i] + 1];
      }
      for (std::size_t b = 1; b < edges.size(); ++b) edges[b] += edges[b - 1];
      std::vector<std::size_t> next(edges.begin(), edges.end() - 1);
      std::vector<std::int32_t> result(count);
      for (std::size_t i = 0; i < count; ++i) result[next[bin[i]]++] = static_cast<std::int32_t>(i);
      return result;
    }
  };

  void pairs(double reach, int threads) {
    double low[3], high[3];
    for (std::size_t i = 0; i < all; ++i)
      for (int c = 0; c < 3; ++c) {
        low[c] = i ? std::min(low[c], place[4 * i + c]) : place[c];
        high[c] = i ? std::max(high[c], place[4 * i + c]) : place[c];
      }
    const Grid grid(low, high, 0.5 * reach, all);
    std::vector<std::size_t> edges;
    const std::vector<std::int32_t> sorted = grid.sorted(place.data(), 4, all, edges);
    Array<double> x(all), y(all), z(all);
    for (std::size_t s = 0; s < all; ++s) {
      const double* p = &place[4 * static_cast<std::size_t>(sorted[s])];
      x[s] = p[0];
      y[s] = p[1];
      z[s] = p[2];
    }
    const long span[3] = {static_cast<long>(reach / grid.width[0]) + 1, static_cast<long>(reach / grid.width[1]) + 1,
                          static_cast<long>(reach / grid.width[2]) + 1};
    const std::size_t parts = std::min<std::size_t>(std::max(threads, 1), atoms);
    std::vector<std::vector<std::int32_t>> found(parts);
    first.assign(atoms * kinds + 1, 0);
    on_threads(static_cast<int>(parts), [&](int part) {
      std::vector<std::int32_t> near;
      std::vector<double> square;
      std::vector<std::size_t> next(kinds);
      std::vector<std::int32_t>& mine = found[part];
      const double limit = reach * reach;
      for (std::size_t i = atoms * part / parts; i < atoms * (part + 1) / parts; ++i) {
        const double* p = &place[4 * i];
        std::size_t count = 0;
        const long at[3] = {grid.along(p[0], 0), grid.along(p[1], 1), grid.along(p[2], 2)};
        const long from = std::max(at[0] - span[0], 0L), to = std::min(at[0] + span[0], grid.bins[0] - 1);
        for (long c = std::max(at[2] - span[2], 0L); c <= std::min(at[2] + span[2], grid.bins[2] - 1); ++c)
          for (long b = std::max(at[1] - span[1], 0L); b <= std::min(at[1] + span[1], grid.bins[1] - 1); ++b) {
            const std::size_t begin = edges[grid.row(b, c) + from], end = edges[grid.row(b, c) + to + 1];
            if (near.size() < count + end - begin + 1) near.resize(2 * (count + end - begin + 1));
            if (square.size() < end - begin) square.resize(2 * (end - begin));
            for (std::size_t s = begin; s < end; ++s) {
              const double dx = x[s] - p[0], dy = y[s] - p[1], dz = z[s] - p[2];
              square[s - begin] = dx * dx + dy * dy + dz * dz;
            }
            for (std::size_t s = begin; s < end; ++s) {
              near[count] = sorted[s];
              count += square[s - begin] < limit;
            }
          }
        std::fill(next.begin(), next.end(), 0);
        for (std::size_t n = 0; n < count; ++n)
          if (near[n] != static_cast<std::int32_t>(i)) ++next[kind_of(near[n])];
        std::size_t at_end = mine.size();
        for (int k = 0; k < kinds; ++k) {
          first[i * kinds + k + 1] = next[k];  // counts, summed below
          const std::size_t here = at_end;
          at_end += next[k];
          next[k] = here;
        }
        mine.resize(at_end);
        for (std::size_t n = 0; n < count; ++n)
          if (near[n] != static_cast<std::int32_t>(i)) mine[next[kind_of(near[n])]++] = near[n];
      }
    });
    for (std::size_t n = 1; n < first.size(); ++n) first[n] += first[n - 1];
    most = 0;
    for (std::size_t i = 0; i < atoms; ++i) most = std::max(most, first[(i + 1) * kinds] - first[i * kinds]);
    if (parts == 1) {
      list.swap(found[0]);
      return;
    }
    list.clear();
    list.reserve(first.back());
    for (auto& part : found) {
      list.insert(list.end(), part.begin(), part.end());
      std::vector<std::int32_t>().swap(part);
    }
  }

  int kind_of(std::int32_t j) const {
    return kind[static_cast<std::size_t>(j) < atoms ? j : owner[static_cast<std::size_t>(j) - atoms]];
  }
};

}  // namespace kernel
