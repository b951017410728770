// Vectors of the width that the file is compiled for, and the functions of them that a NEP needs.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#define KERNEL_INLINE inline __attribute__((always_inline))
#define KERNEL_LAMBDA __attribute__((always_inline))

#if defined(__AVX512F__)
#define KERNEL_BYTES 64
#elif defined(__AVX2__)
#define KERNEL_BYTES 32
#else
#define KERNEL_BYTES 16
#endif

namespace kernel {

constexpr double PI = 3.14159265358979323846;
constexpr int ALIGN = 64;

// Native vector: one number of each of several pairs.
template <class R> struct Lanes;
template <> struct Lanes<double> {
  typedef double V __attribute__((vector_size(KERNEL_BYTES)));
  typedef std::int64_t I __attribute__((vector_size(KERNEL_BYTES)));
  static constexpr int count = KERNEL_BYTES / 8;
};
template <> struct Lanes<float> {
  typedef float V __attribute__((vector_size(KERNEL_BYTES)));
  typedef std::int32_t I __attribute__((vector_size(KERNEL_BYTES)));
  static constexpr int count = KERNEL_BYTES / 4;
};

template <class V, class R> KERNEL_INLINE V load(const R* from) {
  V value;
  std::memcpy(&value, from, sizeof(V));
  return value;
}
template <class V, class R> KERNEL_INLINE void store(R* to, V value) { std::memcpy(to, &value, sizeof(V)); }

template <class R> KERNEL_INLINE R sum_lanes(typename Lanes<R>::V value) {
  constexpr int W = Lanes<R>::count;
  R parts[W];
  store(parts, value);
  for (int width = W / 2; width; width /= 2)
    for (int l = 0; l < width; ++l) parts[l] += parts[l + width];
  return parts[0];
}

// Eight numbers, one of each radial function n: whatever the machine has, in one to four pieces.
constexpr int EIGHT = 8;
template <class R> struct Eight {
  static constexpr int bytes = EIGHT * sizeof(R) < KERNEL_BYTES ? EIGHT * sizeof(R) : KERNEL_BYTES;
  static constexpr int pieces = EIGHT * sizeof(R) / bytes;
  static constexpr int step = EIGHT / pieces;
  typedef R V __attribute__((vector_size(bytes)));
  V v[pieces];

  KERNEL_INLINE static Eight zero() { return from([](int) { return V{}; }); }
  template <class F> KERNEL_INLINE static Eight from(F f) {
    Eight made;
    for (int p = 0; p < pieces; ++p) made.v[p] = f(p);
    return made;
  }
  KERNEL_INLINE static Eight read(const R* at) { return from([=](int p) { return load<V>(at + p * step); }); }
  KERNEL_INLINE void write(R* at) const {
    for (int p = 0; p < pieces; ++p) store(at + p * step, v[p]);
  }
  KERNEL_INLINE void add(const Eight& other, R factor) {
    for (int p = 0; p < pieces; ++p) v[p] += other.v[p] * factor;
  }
  KERNEL_INLINE friend Eight operator*(const Eight& a, const Eight& b) {
    return from([&](int p) { return a.v[p] * b.v[p]; });
  }
  KERNEL_INLINE friend Eight operator*(const Eight& a, R factor) {
    return from([&](int p) { return a.v[p] * factor; });
  }
  KERNEL_INLINE Eight& operator+=(const Eight& other) {
    for (int p = 0; p < pieces; ++p) v[p] += other.v[p];
    return *this;
  }
};

// cos(pi s) and sin(pi s) of 0 <= s <= 1: a = (pi/2)(s - 1/2) lies within pi/4, and pi s = 2 a + pi/2.
template <class R> KERNEL_INLINE void cos_sin_pi(typename Lanes<R>::V s, typename Lanes<R>::V& cosine,
                                                 typename Lanes<R>::V& sine) {
  using V = typename Lanes<R>::V;
  const V a = (s - R(0.5)) * R(0.5 * PI), z = a * a;
  V odd, even;
  if constexpr (std::is_same_v<R, double>) {
    odd = z * -7.6471637318198164759e-13 + 1.6059043836821614599e-10;
    odd = odd * z - 2.5052108385441718775e-8;
    odd = odd * z + 2.7557319223985890653e-6;
    even = z * 4.7794773323873852974e-14 - 1.1470745597729724714e-11;
    even = even * z + 2.0876756987868098979e-9;
    even = even * z - 2.7557319223985890653e-7;
    even = even * z + 2.4801587301587301587e-5;
  } else {
    odd = V{} + R(2.7557319223985890653e-6);
    even = V{} + R(2.4801587301587301587e-5);
  }
  odd = odd * z - R(1.9841269841269841270e-4);
  odd = odd * z + R(8.3333333333333333333e-3);
  odd = odd * z - R(1.6666666666666666667e-1);
  odd = a + a * z * odd;
  even = even * z - R(1.3888888888888888889e-3);
  even = even * z + R(4.1666666666666666667e-2);
  even = even * z - R(0.5);
  even = even * z + R(1);
  cosine = R(-2) * odd * even;
  sine = R(1) - R(2) * odd * odd;
}

// exp(x) within the range of the type; x is cut to what has a normal result.
template <class R> KERNEL_INLINE typename Lanes<R>::V exponential(typename Lanes<R>::V x) {
  using V = typename Lanes<R>::V;
  using I = typename Lanes<R>::I;
  constexpr bool wide = std::is_same_v<R, double>;
  constexpr R limit = wide ? 700 : 85;
  constexpr R magic = wide ? R(6755399441055744.0) : R(12582912.0);  // 1.5 times 2^52 and 2^23: rounds to an integer
  x = x > limit ? V{} + limit : x;
  x = x < -limit ? V{} - limit : x;
  const V shifted = x * R(1.4426950408889634074) + magic, whole = shifted - magic;
  const V high = x - whole * (wide ? R(0.693147180369123816490) : R(0.693145752));
  const V r = high - whole * (wide ? R(1.90821492927058770002e-10) : R(1.42860677e-6));
  V p;
  if constexpr (wide) {
    p = r * 1.6059043836821614599e-10 + 2.0876756987868098979e-9;
    p = p * r + 2.5052108385441718775e-8;
    p = p * r + 2.7557319223985890653e-7;
    p = p * r + 2.7557319223985890653e-6;
    p = p * r + 2.4801587301587301587e-5;
    p = p * r + 1.9841269841269841270e-4;
  } else {
    p = V{} + R(1.9841269841269841270e-4);
  }
  p = p * r + R(1.3888888888888888889e-3);
  p = p * r + R(8.3333333333333333333e-3);
  p = p * r + R(4.1666666666666666667e-2);
  p = p * r + R(1.6666666666666666667e-1);
  p = p * r + R(0.5);
  p = p * r + R(1);
  p = p * r + R(1);
  I bits = (I)shifted;
  bits = (bits + (wide ? 1023 : 127)) << (wide ? 52 : 23);
  return p * (V)bits;
}

template <class R> KERNEL_INLINE typename Lanes<R>::V hyperbolic_tangent(typename Lanes<R>::V x) {
  using V = typename Lanes<R>::V;
  constexpr R limit = std::is_same_v<R, double> ? 20 : 10;
  x = x > limit ? V{} + limit : x;
  x = x < -limit ? V{} - limit : x;
  return R(1) - R(2) / (exponential<R>(x + x) + R(1));
}

}  // namespace kernel
