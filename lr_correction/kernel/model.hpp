// A NEP as the kernel needs it: coefficients by types in the layouts of the two ways they are contracted.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <new>
#include <vector>

#include "vector.hpp"

namespace kernel {

constexpr int round_up(int value, int step) { return (value + step - 1) / step * step; }

template <class T> struct Aligned {  // so that vectors never cross lines of the cache
  using value_type = T;
  Aligned() = default;
  template <class U> Aligned(const Aligned<U>&) {}
  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(ALIGN)));
  }
  void deallocate(T* at, std::size_t) { ::operator delete(at, std::align_val_t(ALIGN)); }
  template <class U> bool operator==(const Aligned<U>&) const { return true; }
  template <class U> bool operator!=(const Aligned<U>&) const { return false; }
};
template <class T> using Array = std::vector<T, Aligned<T>>;

struct Term {  // of an invariant: factor A_a A_b A_c
  int a, b, c;
  double factor;
};

struct Sizes {
  int types, radial_n, angular_n, radial_k, angular_k, degree, neurons, charge_mode;  // n and k counted from one
  int invariants;
  int columns() const { return (degree + 1) * (degree + 1) - 1; }
  int kinds() const { return degree + invariants; }  // of angular descriptors
  int descriptors() const { return radial_n + angular_n * kinds(); }
};

// What has the precision of the pairs.
template <class R> struct Tables {
  int radial_wide, radial_deep, angular_wide, input, hidden;  // padded sizes
  Array<R> radial_kn, radial_nk;    // (T, T, K, n), (T, T, n, K)
  Array<R> angular_kn, angular_nk;  // (T, T, K, n), (T, T, n, K) without padding
  Array<R> forth, back;             // w0: (T, D, M), (T, M, D)
  Array<R> bias, energy, charge;    // (T, M)
};

struct Model {
  Sizes size;
  Array<double> radial_cutoff, angular_cutoff;  // (T, T)
  Array<double> site_bias;                      // (T), subtracted
  Array<double> scale;                          // of every descriptor
  Array<double> repulsion;                      // (T, T, 13) as lr_correction.zbl has it, or empty
  std::vector<std::vector<Term>> terms;         // of every invariant; empty for |V|^4
  double quartic = 0.0, largest = 0.0;
  double charge_cutoff = 0.0;
  Tables<double> wide;
  Tables<float> narrow;
  // Legendre functions without their powers of sin, and erfcx on [0, pi]
  std::array<double, 9> start{};
  std::array<std::array<double, 9>, 9> ahead{}, behind{};
  static constexpr int FIT = 32;
  std::array<double, FIT> erfcx{};

  template <class R> const Tables<R>& tables() const {
    if constexpr (std::is_same_v<R, double>)
      return wide;
    else
      return narrow;
  }
};

// Coefficients of Pi_lm(z) with Y_lm = Pi_lm(z) Re or Im (x + iy)^m, orthonormal on the sphere.
inline void set_harmonics(Model& model) {
  double squared = 1.0 / (4.0 * PI);
  for (int m = 0; m <= 8; ++m) {
    if (m > 0) squared *= (2.0 * m + 1.0) / (2.0 * m);
    model.start[m] = std::sqrt(squared) * (m > 0 ? std::sqrt(2.0) : 1.0);
    for (int l = m + 1; l <= 8; ++l) {
      const double wide = 4.0 * l * l - 1.0, over = static_cast<double>(l) * l - m * m;
      const double before = (l - 1.0) * (l - 1.0) - m * m, narrow = 4.0 * (l - 1.0) * (l - 1.0) - 1.0;
      model.ahead[l][m] = std::sqrt(wide / over);
      model.behind[l][m] = l > m + 1 ? -std::sqrt(wide / over * before / narrow) : 0.0;
    }
  }
}

// Chebyshev coefficients of exp(x^2) erfc(x) on [0, pi].
inline void set_erfcx(Model& model) {
  constexpr int N = Model::FIT;
  std::array<double, N> values;
  for (int j = 0; j < N; ++j) {
    const double x = 0.5 * PI * (1.0 + std::cos(PI * (j + 0.5) / N));
    values[j] = std::exp(x * x) * std::erfc(x);
  }
  for (int k = 0; k < N; ++k) {
    double sum = 0.0;
    for (int j = 0; j < N; ++j) sum += values[j] * std::cos(PI * k * (j + 0.5) / N);
    model.erfcx[k] = (k ? 2.0 : 1.0) * sum / N;
  }
}

struct Source {  // arrays as lr_correction.nep.NEP has them
  const double *radial, *angular;      // (n, K, T, T)
  const double *w0, *b0, *w1, *w1q;    // (T, M, D), (T, M)
};

template <class R> void fill(Tables<R>& to, const Model& model, const Source& from) {
  const Sizes& s = model.size;
  const int T = s.types, D = s.descriptors(), M = s.neurons, W = 16;
  to.radial_wide = round_up(s.radial_n, EIGHT);
  to.radial_deep = round_up(s.radial_k, EIGHT);
  to.angular_wide = round_up(s.angular_n, EIGHT);
  to.input = round_up(D, W);
  to.hidden = round_up(M, W);
  const std::size_t pairs = static_cast<std::size_t>(T) * T;
  to.radial_kn.assign(pairs * s.radial_k * to.radial_wide, R(0));
  to.radial_nk.assign(pairs * s.radial_n * to.radial_deep, R(0));
  to.angular_kn.assign(pairs * s.angular_k * to.angular_wide, R(0));
  to.angular_nk.assign(pairs * s.angular_n * s.angular_k, R(0));
  for (std::size_t p = 0; p < pairs; ++p) {
    for (int n = 0; n < s.radial_n; ++n)
      for (int k = 0; k < s.radial_k; ++k) {
        const R c = static_cast<R>(from.radial[(static_cast<std::size_t>(n) * s.radial_k + k) * pairs + p]);
        to.radial_kn[(p * s.radial_k + k) * to.radial_wide + n] = c;
        to.radial_nk[(p * s.radial_n + n) * to.radial_deep + k] = c;
      }
    for (int n = 0; n < s.angular_n; ++n)
      for (int k = 0; k < s.angular_k; ++k) {
        const R c = static_cast<R>(from.angular[(static_cast<std::size_t>(n) * s.angular_k + k) * pairs + p]);
        to.angular_kn[(p * s.angular_k + k) * to.angular_wide + n] = c;
        to.angular_nk[(p * s.angular_n + n) * s.angular_k + k] = c;
      }
  }
  to.forth.assign(static_cast<std::size_t>(T) * D * to.hidden, R(0));
  to.back.assign(static_cast<std::size_t>(T) * M * to.input, R(0));
  for (auto* array : {&to.bias, &to.energy, &to.charge}) array->assign(static_cast<std::size_t>(T) * to.hidden, R(0));
  for (int t = 0; t < T; ++t)
    for (int m = 0; m < M; ++m) {
      const std::size_t row = static_cast<std::size_t>(t) * M + m, out = static_cast<std::size_t>(t) * to.hidden + m;
      to.bias[out] = static_cast<R>(from.b0[row]);
      to.energy[out] = static_cast<R>(from.w1[row]);
      if (from.w1q != nullptr) to.charge[out] = static_cast<R>(from.w1q[row]);
      for (int d = 0; d < D; ++d) {
        const R w = static_cast<R>(from.w0[row * D + d] * model.scale[d]);
        to.forth[(static_cast<std::size_t>(t) * D + d) * to.hidden + m] = w;
        to.back[row * to.input + d] = w;
      }
    }
}

}  // namespace kernel
