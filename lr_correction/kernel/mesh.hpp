// Charges to a mesh and values from it, by B-splines: `lr_correction.mesh.Spline`, which gives the same numbers.
#pragma once

#include <cmath>
#include <cstddef>

#include "vector.hpp"

namespace kernel {

// The cardinal B-spline at f, f + 1, .. and its derivative; and the points of the mesh that they belong to.
template <int P> struct Weights {
  double value[P], slope[P];
  std::size_t node[P];

  Weights(double place, std::size_t points) {
    const double shifted = place + 0.5 * P, whole = std::floor(shifted), f = shifted - whole;
    double before[P] = {};
    value[0] = f;
    value[1] = 1.0 - f;
    for (int degree = 3; degree <= P; ++degree) {
      for (int t = 0; t < degree - 1; ++t) before[t] = value[t];
      before[degree - 1] = 0.0;
      const double scale = 1.0 / (degree - 1);
      for (int t = 0; t < degree; ++t)
        value[t] = scale * ((f + t) * before[t] + (t ? (degree - f - t) * before[t - 1] : 0.0));
    }
    for (int t = 0; t < P; ++t) slope[t] = before[t] - (t ? before[t - 1] : 0.0);
    const long long size = static_cast<long long>(points);
    long long at = static_cast<long long>(whole) % size;
    for (int t = 0; t < P; ++t) {
      node[t] = static_cast<std::size_t>(at);
      at = at ? at - 1 : size - 1;
    }
  }
};

template <int P> void spread(std::size_t atoms, const std::size_t* n, const double* place, const double* charge, double* mesh) {
  for (std::size_t i = 0; i < atoms; ++i) {
    const Weights<P> x(place[3 * i], n[0]), y(place[3 * i + 1], n[1]), z(place[3 * i + 2], n[2]);
    for (int a = 0; a < P; ++a)
      for (int b = 0; b < P; ++b) {
        double* row = mesh + (x.node[a] * n[1] + y.node[b]) * n[2];
        const double weight = charge[i] * x.value[a] * y.value[b];
        for (int c = 0; c < P; ++c) row[z.node[c]] += weight * z.value[c];
      }
  }
}

// Value and derivatives along the three axes of the mesh, (atoms, 4).
template <int P> void gather(std::size_t atoms, const std::size_t* n, const double* place, const double* mesh, double* to) {
  for (std::size_t i = 0; i < atoms; ++i) {
    const Weights<P> x(place[3 * i], n[0]), y(place[3 * i + 1], n[1]), z(place[3 * i + 2], n[2]);
    double sum[4] = {0.0, 0.0, 0.0, 0.0};
    for (int a = 0; a < P; ++a)
      for (int b = 0; b < P; ++b) {
        const double* row = mesh + (x.node[a] * n[1] + y.node[b]) * n[2];
        double value = 0.0, slope = 0.0;
        for (int c = 0; c < P; ++c) {
          value += row[z.node[c]] * z.value[c];
          slope += row[z.node[c]] * z.slope[c];
        }
        sum[0] += x.value[a] * y.value[b] * value;
        sum[1] += x.slope[a] * y.value[b] * value;
        sum[2] += x.value[a] * y.slope[b] * value;
        sum[3] += x.value[a] * y.value[b] * slope;
      }
    for (int k = 0; k < 4; ++k) to[4 * i + k] = sum[k];
  }
}

// Calls f with an order as a type; false for an order that is not compiled.
template <class F> bool of_order(int order, F f) {
  if (order == 4) f(std::integral_constant<int, 4>{});
  else if (order == 6) f(std::integral_constant<int, 6>{});
  else if (order == 8) f(std::integral_constant<int, 8>{});
  else return false;
  return true;
}

}  // namespace kernel
