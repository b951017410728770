// Energies, forces and charges of NEP and qNEP models on a CPU, for `lr_correction.engine`.
//
// It is compiled once for every width of vectors; KERNEL_NAME says which module it becomes. Formulas are in the
// headers beside it. The same numbers come from lr_correction.descriptors and from calorine, which the tests compare.

#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <memory>
#include <string>

#include "atom.hpp"
#include "mesh.hpp"
#include "waves.hpp"

#define KERNEL_TEXT_(x) #x
#define KERNEL_TEXT(x) KERNEL_TEXT_(x)
#define KERNEL_INIT_(x) PyInit_##x
#define KERNEL_INIT(x) KERNEL_INIT_(x)

namespace {

using namespace kernel;

template <class R> struct Kept {  // of every atom between the passes of a model with charges
  Array<R> moments, fp, fpq;
};

struct State {
  Neighbours near;
  Kept<double> wide;
  Kept<float> narrow;
  std::vector<Array<double>> forces;  // of every thread, (all, 4)
  template <class R> Kept<R>& kept() {
    if constexpr (std::is_same_v<R, double>)
      return wide;
    else
      return narrow;
  }
};

struct Output {
  double *energies, *charges, *forces, *virial, *hidden, *descriptors, *moments;
};

constexpr std::size_t CHUNK = 8;  // atoms that a thread takes at a time

// Runs work(worker, forces, i) for every atom, and adds the forces that it left and their virial.
template <class R, int L, class F>
void over_atoms(const Model& model, State& state, int threads, bool scatter, double* forces, double* virial, F work) {
  const Neighbours& near = state.near;
  const std::size_t chunks = (near.atoms + CHUNK - 1) / CHUNK;
  threads = static_cast<int>(std::min<std::size_t>(std::max(threads, 1), chunks));
  if (scatter && state.forces.size() < static_cast<std::size_t>(threads)) state.forces.resize(threads);
  on_threads(threads, [&](int thread) {  // every thread always has the same atoms: sums stay the same to the last bit
    Worker<R, L> worker(model, near);
    double* mine = nullptr;
    if (scatter) {
      state.forces[thread].assign(4 * near.all, 0.0);
      mine = state.forces[thread].data();
    }
    for (std::size_t c = thread; c < chunks; c += threads)
      for (std::size_t i = c * CHUNK; i < std::min(near.atoms, (c + 1) * CHUNK); ++i) work(worker, mine, i, thread);
  });
  if (!scatter) return;
  double* sum = state.forces[0].data();
  for (int t = 1; t < threads; ++t) {
    const double* from = state.forces[t].data();
    for (std::size_t k = 0; k < 4 * near.all; ++k) sum[k] += from[k];
  }
  const double* origin = near.place.data();
  double w[9] = {};
  for (std::size_t i = 0; i < near.all; ++i)
    for (int a = 0; a < 3; ++a) {
      const double x = near.place[4 * i + a] - origin[a];
      for (int b = 0; b < 3; ++b) w[3 * a + b] += x * sum[4 * i + b];
    }
  for (int k = 0; k < 9; ++k) virial[k] += w[k];
  for (std::size_t g = near.atoms; g < near.all; ++g)
    for (int a = 0; a < 3; ++a) sum[4 * static_cast<std::size_t>(near.owner[g - near.atoms]) + a] += sum[4 * g + a];
  for (std::size_t i = 0; i < near.atoms; ++i)
    for (int a = 0; a < 3; ++a) forces[3 * static_cast<std::size_t>(near.order[i]) + a] += sum[4 * i + a];
}

// Adds the derivative by a pair vector to its ends.
struct Scatter {
  double* forces;
  double x = 0.0, y = 0.0, z = 0.0;
  KERNEL_INLINE void operator()(std::int32_t j, int, double, double, double, double fx, double fy, double fz) {
    double* to = forces + 4 * static_cast<std::size_t>(j);
    to[0] -= fx;
    to[1] -= fy;
    to[2] -= fz;
    x += fx;
    y += fy;
    z += fz;
  }
  void finish(std::size_t i) const {
    forces[4 * i] += x;
    forces[4 * i + 1] += y;
    forces[4 * i + 2] += z;
  }
};

template <class R, int L> void forward(const Model& model, State& state, int threads, const Output& out) {
  const Sizes& size = model.size;
  const Neighbours& near = state.near;
  const bool charged = size.charge_mode > 0, forces = out.forces != nullptr;
  const Tables<R>& table = model.tables<R>();
  Kept<R>& kept = state.kept<R>();
  const std::size_t wide = table.angular_wide, columns = size.columns(), block = columns * wide, input = table.input;
  if (charged) {
    kept.moments.resize(near.atoms * block);
    kept.fp.resize(near.atoms * input);
    kept.fpq.resize(near.atoms * input);
  }
  over_atoms<R, L>(model, state, threads, forces, out.forces, out.virial,
                   [&](Worker<R, L>& worker, double* mine, std::size_t i, int) {
    worker.charges = charged;
    worker.gather(i);
    worker.forward();
    const std::size_t atom = static_cast<std::size_t>(near.order[i]);
    double energy = worker.energy - model.site_bias[near.kind_type[near.kind[i]]];
    Scatter to{mine};
    if (!model.repulsion.empty()) {
      if (forces)
        energy += worker.repulsion([&](auto... parts) { to(parts...); });
      else
        energy += worker.repulsion([](auto...) {});
    }
    if (charged) {
      out.charges[atom] = worker.charge;
      std::copy_n(worker.moments.data(), block, &kept.moments[i * block]);
      std::copy_n(worker.fp.data(), input, &kept.fp[i * input]);
      std::copy_n(worker.fpq.data(), input, &kept.fpq[i * input]);
    } else if (forces) {
      worker.backward(worker.fp.data(), [&](auto... parts) KERNEL_LAMBDA { to(parts...); });
    }
    if (forces) to.finish(i);
    out.energies[atom] = energy;
    if (out.hidden != nullptr)
      for (int m = 0; m < size.neurons; ++m) out.hidden[atom * size.neurons + m] = worker.hidden[m];
    if (out.descriptors != nullptr) {
      const std::size_t d = size.descriptors();
      for (std::size_t k = 0; k < d; ++k) out.descriptors[atom * d + k] = worker.q[k] * model.scale[k];
    }
    if (out.moments != nullptr)
      for (std::size_t n = 0; n < static_cast<std::size_t>(size.angular_n); ++n)
        for (std::size_t c = 0; c < columns; ++c)
          out.moments[(atom * size.angular_n + n) * columns + c] = worker.moments[c * wide + n];
  });
}

template <class R, int L>
void screened(const Model& model, State& state, int threads, const double* charges, double alpha, double* potential,
              double* forces, double* virial) {
  const Neighbours& near = state.near;
  Array<double> all(near.all);
  for (std::size_t i = 0; i < near.all; ++i)
    all[i] = charges[near.order[i < near.atoms ? i : static_cast<std::size_t>(near.owner[i - near.atoms])]];
  over_atoms<R, L>(model, state, threads, true, forces, virial,
                   [&](Worker<R, L>& worker, double* mine, std::size_t i, int) {
    worker.gather(i);
    Scatter to{mine};
    potential[near.order[i]] += worker.screened(all.data(), alpha, [&](auto... parts) KERNEL_LAMBDA { to(parts...); });
    to.finish(i);
  });
}

template <class R, int L>
void backward(const Model& model, State& state, int threads, const double* by_charge, double* forces, double* virial,
              double* born) {
  const Neighbours& near = state.near;
  Kept<R>& kept = state.kept<R>();
  const Tables<R>& table = model.tables<R>();
  const std::size_t input = table.input, block = model.size.columns() * static_cast<std::size_t>(table.angular_wide);
  const int most = std::max(threads, 1);
  std::vector<std::vector<double>> tensors(born != nullptr ? most : 0);
  over_atoms<R, L>(model, state, threads, true, forces, virial,
                   [&](Worker<R, L>& worker, double* mine, std::size_t i, int thread) {
    worker.gather(i);
    worker.functions(&kept.moments[i * block]);
    const R *fp = &kept.fp[i * input], *fpq = &kept.fpq[i * input];
    const std::size_t atom = static_cast<std::size_t>(near.order[i]);
    const R weight = static_cast<R>(by_charge[atom]);
    for (std::size_t d = 0; d < input; ++d) worker.fp[d] = fp[d] + weight * fpq[d];
    Scatter to{mine};
    worker.backward(worker.fp.data(), [&](auto... parts) KERNEL_LAMBDA { to(parts...); });
    to.finish(i);
    if (born == nullptr) return;
    std::vector<double>& mean = tensors[thread];
    if (mean.empty()) mean.assign(9 * near.atoms, 0.0);
    worker.backward(fpq, [&](std::int32_t j, int, R x, R y, R z, R gx, R gy, R gz) {
      const std::size_t other =
          static_cast<std::size_t>(j) < near.atoms ? j : static_cast<std::size_t>(near.owner[j - near.atoms]);
      const double r[3] = {double(x), double(y), double(z)}, g[3] = {double(gx), double(gy), double(gz)};
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
          const double half = 0.5 * r[a] * g[b];
          mean[9 * i + 3 * a + b] += half;
          mean[9 * other + 3 * a + b] -= half;
        }
    });
  });
  for (const auto& part : tensors)
    for (std::size_t i = 0; i < near.atoms && !part.empty(); ++i)
      for (int k = 0; k < 9; ++k) born[9 * static_cast<std::size_t>(near.order[i]) + k] += part[9 * i + k];
}

// Calls f with the precision and the degree of a model as types.
template <class F> void chosen(const Model& model, bool single, F f) {
  auto with = [&](auto real) {
    if (model.size.degree == 4)  // nearly all models
      f(real, std::integral_constant<int, 4>{});
    else
      f(real, std::integral_constant<int, 0>{});
  };
  if (single)
    with(float());
  else
    with(double());
}

// ---------------------------------------------------------------------------------------------- Python

class Held {  // buffers of arrays, released at the end
 public:
  ~Held() {
    for (Py_buffer& buffer : buffers_) PyBuffer_Release(&buffer);
  }
  // None gives nullptr without an error.
  template <class T> T* take(PyObject* array, std::size_t count) {
    if (array == Py_None || PyErr_Occurred() != nullptr) return nullptr;
    Py_buffer buffer;
    if (PyObject_GetBuffer(array, &buffer, std::is_const_v<T> ? PyBUF_CONTIG_RO : PyBUF_CONTIG) != 0) return nullptr;
    buffers_.push_back(buffer);
    if (buffer.len != static_cast<Py_ssize_t>(count * sizeof(T))) {
      PyErr_Format(PyExc_ValueError, "an array of %zd bytes, expected %zu", buffer.len, count * sizeof(T));
      return nullptr;
    }
    return static_cast<T*>(buffer.buf);
  }

 private:
  std::vector<Py_buffer> buffers_;
};

template <class T> void destroy(PyObject* capsule) { delete static_cast<T*>(PyCapsule_GetPointer(capsule, nullptr)); }
template <class T> T* held(PyObject* capsule) { return static_cast<T*>(PyCapsule_GetPointer(capsule, nullptr)); }

// Runs work without the lock of Python; returns false with a Python error set.
template <class F> bool released(F work) {
  enum { fine, memory, wrong } outcome = fine;
  std::string reason;
  PyThreadState* saved = PyEval_SaveThread();
  try {
    work();
  } catch (const std::bad_alloc&) {
    outcome = memory;
  } catch (const Coincident& error) {
    outcome = wrong;
    reason = "atoms " + std::to_string(error.first + 1) + " and " + std::to_string(error.second + 1) + " are at the same place";
  } catch (const std::exception& error) {
    outcome = wrong;
    reason = error.what();
  }
  PyEval_RestoreThread(saved);
  if (outcome == memory) PyErr_NoMemory();
  if (outcome == wrong) PyErr_SetString(PyExc_ValueError, reason.c_str());
  return outcome == fine;
}

PyObject* make_model(PyObject*, PyObject* arguments) {
  PyObject *radial_cutoff, *angular_cutoff, *site_bias, *scale, *radial, *angular, *w0, *b0, *w1, *w1q, *repulsion, *terms;
  auto made = std::make_unique<Model>();
  Sizes& s = made->size;
  if (!PyArg_ParseTuple(arguments, "iiiiiiiiOOOOOOOOOOOOd", &s.types, &s.radial_n, &s.angular_n, &s.radial_k,
                        &s.angular_k, &s.degree, &s.neurons, &s.charge_mode, &radial_cutoff, &angular_cutoff,
                        &site_bias, &scale, &radial, &angular, &w0, &b0, &w1, &w1q, &repulsion, &terms, &made->quartic))
    return nullptr;
  if (s.degree < 1 || s.degree > 8 || s.radial_k > 32 || s.angular_k > 32) {
    PyErr_SetString(PyExc_ValueError, "l_max beyond 8, or more than 32 functions of the distance");
    return nullptr;
  }
  s.invariants = static_cast<int>(PySequence_Size(terms));
  Held buffers;
  const std::size_t T = s.types, pairs = T * T, D = s.descriptors(), M = s.neurons;
  Source from{};
  auto copy = [&](PyObject* array, std::size_t count, Array<double>& to) {
    if (const double* data = buffers.take<const double>(array, count)) to.assign(data, data + count);
  };
  copy(radial_cutoff, pairs, made->radial_cutoff);
  copy(angular_cutoff, pairs, made->angular_cutoff);
  copy(site_bias, T, made->site_bias);
  copy(scale, D, made->scale);
  copy(repulsion, 13 * pairs, made->repulsion);
  from.radial = buffers.take<const double>(radial, pairs * s.radial_n * s.radial_k);
  from.angular = buffers.take<const double>(angular, pairs * s.angular_n * s.angular_k);
  from.w0 = buffers.take<const double>(w0, T * M * D);
  from.b0 = buffers.take<const double>(b0, T * M);
  from.w1 = buffers.take<const double>(w1, T * M);
  from.w1q = buffers.take<const double>(w1q, T * M);
  for (int v = 0; v < s.invariants && PyErr_Occurred() == nullptr; ++v) {  // rows of (a, b, c, factor)
    PyObject* rows = PySequence_GetItem(terms, v);
    const Py_ssize_t count = rows == nullptr ? 0 : PySequence_Size(rows);
    std::vector<Term> found(static_cast<std::size_t>(count > 0 ? count : 0));
    for (Py_ssize_t k = 0; k < count; ++k) {
      PyObject* row = PySequence_GetItem(rows, k);
      Term& t = found[static_cast<std::size_t>(k)];
      if (row != nullptr && PyArg_ParseTuple(row, "iiid", &t.a, &t.b, &t.c, &t.factor) &&
          (std::min({t.a, t.b, t.c}) < 0 || std::max({t.a, t.b, t.c}) >= s.columns()))
        PyErr_SetString(PyExc_ValueError, "an invariant of moments that are not there");
      Py_XDECREF(row);
    }
    Py_XDECREF(rows);
    made->terms.push_back(std::move(found));
  }
  if (PyErr_Occurred() != nullptr) return nullptr;
  made->largest = *std::max_element(made->radial_cutoff.begin(), made->radial_cutoff.end());
  set_harmonics(*made);
  set_erfcx(*made);
  if (!released([&] {
        fill(made->wide, *made, from);
        fill(made->narrow, *made, from);
      }))
    return nullptr;
  return PyCapsule_New(made.release(), nullptr, destroy<Model>);
}

PyObject* make_state(PyObject*, PyObject*) { return PyCapsule_New(new State, nullptr, destroy<State>); }

PyObject* py_forward(PyObject*, PyObject* arguments) {
  PyObject *m, *s, *positions, *types, *cell, *periodic, *energies, *charges, *forces, *virial, *hidden, *descriptors;
  PyObject* moments;
  int single, threads;
  Py_ssize_t atoms;
  double skin;
  if (!PyArg_ParseTuple(arguments, "OOpindOOOOOOOOOOO", &m, &s, &single, &threads, &atoms, &skin, &positions, &types,
                        &cell, &periodic, &energies, &charges, &forces, &virial, &hidden, &descriptors, &moments))
    return nullptr;
  const Model* model = held<Model>(m);
  State* state = held<State>(s);
  if (model == nullptr || state == nullptr) return nullptr;
  Held buffers;
  const Sizes& size = model->size;
  const std::size_t N = static_cast<std::size_t>(atoms);
  const double* place = buffers.take<const double>(positions, 3 * N);
  const std::int64_t* kinds = buffers.take<const std::int64_t>(types, N);
  const double* rows = buffers.take<const double>(cell, 9);
  const std::int64_t* flags = buffers.take<const std::int64_t>(periodic, 3);
  Output out{};
  out.energies = buffers.take<double>(energies, N);
  out.charges = buffers.take<double>(charges, N);
  out.forces = buffers.take<double>(forces, 3 * N);
  out.virial = buffers.take<double>(virial, 9);
  out.hidden = buffers.take<double>(hidden, N * size.neurons);
  out.descriptors = buffers.take<double>(descriptors, N * size.descriptors());
  out.moments = buffers.take<double>(moments, N * size.angular_n * size.columns());
  if (PyErr_Occurred() != nullptr) return nullptr;
  Box box;
  std::copy_n(rows, 9, box.cell);
  for (int a = 0; a < 3; ++a) box.periodic[a] = flags[a] != 0;
  for (std::size_t i = 0; i < N; ++i)
    if (kinds[i] < 0 || kinds[i] >= size.types) {
      PyErr_SetString(PyExc_ValueError, "a type that the model lacks");
      return nullptr;
    }
  if (!released([&] {
        state->near.update(place, kinds, N, box, model->largest, skin, threads);
        chosen(*model, single, [&](auto real, auto degree) {
          forward<decltype(real), decltype(degree)::value>(*model, *state, threads, out);
        });
      }))
    return nullptr;
  Py_RETURN_NONE;
}

PyObject* py_screened(PyObject*, PyObject* arguments) {
  PyObject *m, *s, *charges, *potential, *forces, *virial;
  int single, threads;
  double alpha;
  if (!PyArg_ParseTuple(arguments, "OOpidOOOO", &m, &s, &single, &threads, &alpha, &charges, &potential, &forces,
                        &virial))
    return nullptr;
  const Model* model = held<Model>(m);
  State* state = held<State>(s);
  if (model == nullptr || state == nullptr) return nullptr;
  Held buffers;
  const std::size_t N = state->near.atoms;
  const double* q = buffers.take<const double>(charges, N);
  double* v = buffers.take<double>(potential, N);
  double* f = buffers.take<double>(forces, 3 * N);
  double* w = buffers.take<double>(virial, 9);
  if (PyErr_Occurred() != nullptr) return nullptr;
  if (!released([&] {
        chosen(*model, single, [&](auto real, auto degree) {
          screened<decltype(real), decltype(degree)::value>(*model, *state, threads, q, alpha, v, f, w);
        });
      }))
    return nullptr;
  Py_RETURN_NONE;
}

PyObject* py_backward(PyObject*, PyObject* arguments) {
  PyObject *m, *s, *by_charge, *forces, *virial, *born;
  int single, threads;
  if (!PyArg_ParseTuple(arguments, "OOpiOOOO", &m, &s, &single, &threads, &by_charge, &forces, &virial, &born))
    return nullptr;
  const Model* model = held<Model>(m);
  State* state = held<State>(s);
  if (model == nullptr || state == nullptr) return nullptr;
  Held buffers;
  const std::size_t N = state->near.atoms;
  const double* d = buffers.take<const double>(by_charge, N);
  double* f = buffers.take<double>(forces, 3 * N);
  double* w = buffers.take<double>(virial, 9);
  double* z = buffers.take<double>(born, 9 * N);
  if (PyErr_Occurred() != nullptr) return nullptr;
  if (!released([&] {
        chosen(*model, single, [&](auto real, auto degree) {
          backward<decltype(real), decltype(degree)::value>(*model, *state, threads, d, f, w, z);
        });
      }))
    return nullptr;
  Py_RETURN_NONE;
}

PyObject* py_waves(PyObject*, PyObject* arguments) {
  PyObject *positions, *charges, *cell, *potential, *forces, *virial;
  int threads;
  Py_ssize_t atoms;
  double alpha, largest, energy = 0.0;
  if (!PyArg_ParseTuple(arguments, "inddOOOOOO", &threads, &atoms, &alpha, &largest, &positions, &charges, &cell,
                        &potential, &forces, &virial))
    return nullptr;
  Held buffers;
  const std::size_t N = static_cast<std::size_t>(atoms);
  const double* place = buffers.take<const double>(positions, 3 * N);
  const double* q = buffers.take<const double>(charges, N);
  const double* rows = buffers.take<const double>(cell, 9);
  double* v = buffers.take<double>(potential, N);
  double* f = buffers.take<double>(forces, 3 * N);
  double* w = buffers.take<double>(virial, 9);
  if (PyErr_Occurred() != nullptr) return nullptr;
  if (!released([&] { energy = Waves(rows, alpha, largest).all(place, q, N, v, f, w, threads); })) return nullptr;
  return PyFloat_FromDouble(energy);
}

// Both take (order, atoms, three numbers of points, places, array, array).
template <bool to_mesh> PyObject* py_mesh(PyObject*, PyObject* arguments) {
  PyObject *places, *first, *second;
  int order;
  Py_ssize_t atoms, points[3];
  if (!PyArg_ParseTuple(arguments, "innnnOOO", &order, &atoms, &points[0], &points[1], &points[2], &places, &first,
                        &second))
    return nullptr;
  if (atoms < 0 || points[0] < 1 || points[1] < 1 || points[2] < 1) {
    PyErr_SetString(PyExc_ValueError, "a mesh without points");
    return nullptr;
  }
  const std::size_t N = static_cast<std::size_t>(atoms);
  const std::size_t n[3] = {std::size_t(points[0]), std::size_t(points[1]), std::size_t(points[2])};
  Held buffers;
  const double* place = buffers.take<const double>(places, 3 * N);
  const double* from = buffers.take<const double>(first, to_mesh ? N : n[0] * n[1] * n[2]);
  double* to = buffers.take<double>(second, to_mesh ? n[0] * n[1] * n[2] : 4 * N);
  if (PyErr_Occurred() != nullptr) return nullptr;
  bool known = false;
  if (!released([&] {
        known = of_order(order, [&](auto p) {
          if constexpr (to_mesh)
            spread<decltype(p)::value>(N, n, place, from, to);
          else
            gather<decltype(p)::value>(N, n, place, from, to);
        });
      }))
    return nullptr;
  if (!known) {
    PyErr_SetString(PyExc_ValueError, "the order of a B-spline is 4, 6 or 8");
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* py_lists(PyObject*, PyObject* arguments) {
  PyObject* s;
  if (!PyArg_ParseTuple(arguments, "O", &s)) return nullptr;
  const State* state = held<State>(s);
  if (state == nullptr) return nullptr;
  return Py_BuildValue("nnn", static_cast<Py_ssize_t>(state->near.rebuilt), static_cast<Py_ssize_t>(state->near.all),
                       static_cast<Py_ssize_t>(state->near.list.size()));
}

PyObject* py_supported(PyObject*, PyObject*) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  return Py_BuildValue("(OO)", avx512 ? Py_True : Py_False, avx2 ? Py_True : Py_False);
#else
  return Py_BuildValue("(OO)", Py_False, Py_False);
#endif
}

PyMethodDef methods[] = {
    {"model", make_model, METH_VARARGS, "model(types, radial_n, angular_n, radial_k, angular_k, degree, neurons, "
                                        "charge_mode, arrays..., terms, quartic)\n\nA model for the other functions."},
    {"state", make_state, METH_NOARGS, "state()\n\nWhat is kept from one structure to the next."},
    {"forward", py_forward, METH_VARARGS,
     "forward(model, state, single, threads, atoms, skin, positions, types, cell, periodic, energies, charges, forces,\n"
     "        virial, hidden, descriptors, moments)\n\n"
     "Energies of the atoms; forces and virial (added) of a model without charges, raw charges of one with them."},
    {"screened", py_screened, METH_VARARGS,
     "screened(model, state, single, threads, alpha, charges, potential, forces, virial)\n\n"
     "Add the interaction of charges by erfc(alpha r)/r within the radial cutoff."},
    {"backward", py_backward, METH_VARARGS,
     "backward(model, state, single, threads, by_charge, forces, virial, born)\n\n"
     "Add the forces of the last forward() with charges, of which the energy has the derivatives by_charge."},
    {"waves", py_waves, METH_VARARGS,
     "waves(threads, atoms, alpha, largest, positions, charges, cell, potential, forces, virial)\n\n"
     "Add the sum over reciprocal vectors below `largest`; returns its energy."},
    {"spread", py_mesh<true>, METH_VARARGS,
     "spread(order, atoms, points, points, points, places, charges, mesh)\n\nAdd charges to a mesh by B-splines."},
    {"gather", py_mesh<false>, METH_VARARGS,
     "gather(order, atoms, points, points, points, places, mesh, values)\n\n"
     "Values of a mesh at places and their derivatives along its axes, (atoms, 4)."},
    {"lists", py_lists, METH_VARARGS, "lists(state)\n\nTimes that neighbours were searched, atoms with images, neighbours."},
    {"supported", py_supported, METH_NOARGS, "supported()\n\nWhether this processor has AVX-512, and AVX2 with FMA."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef module = {PyModuleDef_HEAD_INIT, KERNEL_TEXT(KERNEL_NAME), nullptr, -1, methods, nullptr, nullptr, nullptr,
                      nullptr};

}  // namespace

PyMODINIT_FUNC KERNEL_INIT(KERNEL_NAME)() { return PyModule_Create(&module); }
