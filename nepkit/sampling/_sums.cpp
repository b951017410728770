// Sums over the neighbours of every atom, of which NEP's descriptors are made, for `nepkit.sampling.neighbour_sums`.
//
// Every pair of atoms, or of an atom and an image, is looked at once for both of its ends. Formulas:
// doi:10.1063/5.0106617. The same numbers come from lr_correction.descriptors, which the tests compare.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

constexpr double PI = 3.14159265358979323846;

struct Model {
  int types, radial, angular, degrees, columns;  // k = 0 .. radial, 0 .. angular; l = 1 .. degrees
  const double* cutoffs;                         // (types, 2)
  const double* axial;                           // (degrees + 1, columns)
  std::vector<int> order;                        // of every column: row of the planar functions
  std::vector<double> parity;                    // of every column, (-1)^l
};

struct Frame {
  const double* fractions;  // (atoms, 3), within 0 .. 1
  const double* cell;       // (3, 3)
  const std::int64_t* types;
  double heights[3];
  Py_ssize_t atoms;
};

int below(double value) {  // the floor, without a call of the library
  const int whole = static_cast<int>(value);
  return whole > value ? whole - 1 : whole;
}

void basis(double reduced, int size, double* values) {
  const double envelope = 0.5 * (1.0 + std::cos(PI * reduced));
  const double x = 2.0 * (reduced - 1.0) * (reduced - 1.0) - 1.0;
  double before = 1.0, now = x;
  values[0] = envelope;
  for (int k = 1; k <= size; ++k) {
    values[k] = 0.5 * (now + 1.0) * envelope;
    const double next = 2.0 * x * now - before;
    before = now;
    now = next;
  }
}

class Summing {
 public:
  Summing(const Model& model, const Frame& frame, double* radial, double* angular)
      : model_(model), frame_(frame), radial_(radial), angular_(angular), functions_(
            std::max(model.radial, model.angular) + 1), harmonics_(model.columns), plane_(2 * model.degrees + 1),
        powers_(model.degrees + 1) {}

  // Returns false where two atoms are at the same place; they are first and second then.
  bool all() {
    double reach = 0.0;
    for (int t = 0; t < model_.types; ++t) reach = std::max(reach, model_.cutoffs[2 * t]);
    int bins[3];
    for (int a = 0; a < 3; ++a) {
      bins[a] = std::clamp(static_cast<int>(frame_.heights[a] / reach), 1, 64);
      limit_[a] = reach / frame_.heights[a];
    }
    reach2_ = reach * reach;
    std::vector<std::vector<Py_ssize_t>> members(static_cast<std::size_t>(bins[0]) * bins[1] * bins[2]);
    std::vector<int> place(3 * frame_.atoms);
    for (Py_ssize_t i = 0; i < frame_.atoms; ++i) {
      for (int a = 0; a < 3; ++a)
        place[3 * i + a] = std::min(static_cast<int>(frame_.fractions[3 * i + a] * bins[a]), bins[a] - 1);
      members[index(&place[3 * i], bins)].push_back(i);
    }
    std::vector<int> near[3];
    for (Py_ssize_t i = 0; i < frame_.atoms; ++i) {
      for (int a = 0; a < 3; ++a) {
        near[a].clear();
        if (bins[a] < 3)
          for (int b = 0; b < bins[a]; ++b) near[a].push_back(b);
        else
          for (int step = -1; step <= 1; ++step) near[a].push_back((place[3 * i + a] + step + bins[a]) % bins[a]);
      }
      for (int x : near[0])
        for (int y : near[1])
          for (int z : near[2]) {
            const int other[3] = {x, y, z};
            for (Py_ssize_t j : members[index(other, bins)])
              if (j >= i && !images(i, j)) return false;
          }
    }
    return true;
  }

  Py_ssize_t first = 0, second = 0;

 private:
  static std::size_t index(const int* place, const int* bins) {
    return (static_cast<std::size_t>(place[0]) * bins[1] + place[1]) * bins[2] + place[2];
  }

  bool images(Py_ssize_t i, Py_ssize_t j) {
    double off[3];
    int low[3], high[3];
    for (int a = 0; a < 3; ++a) {  // planes of the cell tell which images can be within reach
      off[a] = frame_.fractions[3 * j + a] - frame_.fractions[3 * i + a];
      low[a] = -below(limit_[a] + off[a]);
      high[a] = below(limit_[a] - off[a]);
    }
    for (int x = low[0]; x <= high[0]; ++x)
      for (int y = low[1]; y <= high[1]; ++y)
        for (int z = low[2]; z <= high[2]; ++z) {
          if (i == j && (x < 0 || (x == 0 && (y < 0 || (y == 0 && z <= 0))))) continue;  // itself; seen from the other
          const double f[3] = {off[0] + x, off[1] + y, off[2] + z};
          double vector[3];
          for (int c = 0; c < 3; ++c)
            vector[c] = f[0] * frame_.cell[c] + f[1] * frame_.cell[3 + c] + f[2] * frame_.cell[6 + c];
          const double square = vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2];
          if (square >= reach2_) continue;
          if (square == 0.0) {
            first = i;
            second = j;
            return false;
          }
          add(i, j, vector, std::sqrt(square));
        }
    return true;
  }

  void add(Py_ssize_t i, Py_ssize_t j, const double* vector, double distance) {
    const std::int64_t ti = frame_.types[i], tj = frame_.types[j];
    const double radial = 0.5 * (model_.cutoffs[2 * ti] + model_.cutoffs[2 * tj]);
    if (distance < radial) {
      basis(distance / radial, model_.radial, functions_.data());
      const int width = model_.radial + 1;
      double* one = radial_ + (i * model_.types + tj) * width;
      double* other = radial_ + (j * model_.types + ti) * width;
      for (int k = 0; k < width; ++k) {
        one[k] += functions_[k];
        other[k] += functions_[k];
      }
    }
    const double angular = 0.5 * (model_.cutoffs[2 * ti + 1] + model_.cutoffs[2 * tj + 1]);
    if (distance >= angular) return;
    basis(distance / angular, model_.angular, functions_.data());
    harmonics(vector, distance);
    const int width = model_.angular + 1, columns = model_.columns;
    double* one = angular_ + (i * model_.types + tj) * width * columns;
    double* other = angular_ + (j * model_.types + ti) * width * columns;
    for (int k = 0; k < width; ++k)
      for (int c = 0; c < columns; ++c) {
        const double value = functions_[k] * harmonics_[c];
        one[k * columns + c] += value;
        other[k * columns + c] += model_.parity[c] * value;  // seen from the other end the pair points back
      }
  }

  void harmonics(const double* vector, double distance) {
    const double x = vector[0] / distance, y = vector[1] / distance, z = vector[2] / distance;
    const int degrees = model_.degrees, columns = model_.columns;
    powers_[0] = plane_[degrees] = 1.0;
    for (int m = 1; m <= degrees; ++m) {
      powers_[m] = powers_[m - 1] * z;
      const double real = plane_[degrees + m - 1], imaginary = m > 1 ? plane_[degrees - m + 1] : 0.0;
      plane_[degrees + m] = x * real - y * imaginary;
      plane_[degrees - m] = x * imaginary + y * real;
    }
    for (int c = 0; c < columns; ++c) {
      double along = 0.0;
      for (int p = 0; p <= degrees; ++p) along += model_.axial[p * columns + c] * powers_[p];
      harmonics_[c] = along * plane_[model_.order[c]];
    }
  }

  const Model& model_;
  const Frame& frame_;
  double* radial_;
  double* angular_;
  std::vector<double> functions_, harmonics_, plane_, powers_;
  double limit_[3] = {};
  double reach2_ = 0.0;
};

class Held {  // buffers of arrays, released at the end
 public:
  ~Held() {
    for (Py_buffer& buffer : buffers_) PyBuffer_Release(&buffer);
  }
  void* take(PyObject* array, Py_ssize_t bytes, bool writable) {
    Py_buffer buffer;
    if (PyObject_GetBuffer(array, &buffer, writable ? PyBUF_CONTIG : PyBUF_CONTIG_RO) != 0) return nullptr;
    buffers_.push_back(buffer);
    if (buffer.len != bytes) {
      PyErr_Format(PyExc_ValueError, "an array of %zd bytes, expected %zd", buffer.len, bytes);
      return nullptr;
    }
    return buffer.buf;
  }

 private:
  std::vector<Py_buffer> buffers_;
};

PyObject* sums(PyObject*, PyObject* arguments) {
  PyObject *fractions, *cell, *heights, *types, *cutoffs, *axial, *order, *parity, *radial, *angular;
  Py_ssize_t atoms;
  Model model;
  if (!PyArg_ParseTuple(arguments, "niiiiOOOOOOOOOO", &atoms, &model.types, &model.radial, &model.angular,
                        &model.degrees, &fractions, &cell, &heights, &types, &cutoffs, &axial, &order, &parity, &radial,
                        &angular))
    return nullptr;
  model.columns = (model.degrees + 1) * (model.degrees + 1) - 1;
  const Py_ssize_t number = sizeof(double), columns = model.columns, kinds = model.types;
  Held held;
  Frame frame;
  frame.atoms = atoms;
  frame.fractions = static_cast<const double*>(held.take(fractions, atoms * 3 * number, false));
  frame.cell = static_cast<const double*>(held.take(cell, 9 * number, false));
  const double* high = static_cast<const double*>(held.take(heights, 3 * number, false));
  frame.types = static_cast<const std::int64_t*>(held.take(types, atoms * 8, false));
  model.cutoffs = static_cast<const double*>(held.take(cutoffs, kinds * 2 * number, false));
  model.axial = static_cast<const double*>(held.take(axial, (model.degrees + 1) * columns * number, false));
  const std::int64_t* rows = static_cast<const std::int64_t*>(held.take(order, columns * 8, false));
  const double* signs = static_cast<const double*>(held.take(parity, columns * number, false));
  double* out = static_cast<double*>(held.take(radial, atoms * kinds * (model.radial + 1) * number, true));
  double* more = static_cast<double*>(held.take(angular, atoms * kinds * (model.angular + 1) * columns * number, true));
  if (PyErr_Occurred() != nullptr) return nullptr;
  std::copy(high, high + 3, frame.heights);
  model.order.assign(rows, rows + columns);
  model.parity.assign(signs, signs + columns);
  Summing work(model, frame, out, more);
  bool apart = true;
  Py_BEGIN_ALLOW_THREADS
  apart = work.all();
  Py_END_ALLOW_THREADS
  if (!apart) return Py_BuildValue("nn", work.first, work.second);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"sums", sums, METH_VARARGS,
     "sums(atoms, types, radial, angular, degrees, fractions, cell, heights, kinds, cutoffs, axial, order, parity,\n"
     "     radial_sums, angular_sums)\n\n"
     "Add to the sums over neighbours. Returns None, or the two atoms that are at the same place."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef module = {PyModuleDef_HEAD_INIT, "_sums", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__sums() { return PyModule_Create(&module); }
