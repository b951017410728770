// Rows of atoms of extended xyz to arrays, for `nepkit.formats.extxyz_rows`.
//
// Only the plain subset is read: decimal numbers, T and F, words. At anything else the module gives up without an
// opinion, and the C parser of libAtoms, which is the reference for what is right, reads the frame again.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t MOST_WORDS = 200;  // different words in a column; more are left to libAtoms
constexpr int MOST_DIGITS = 9;           // of an integer, so that it fits 32 bits

struct Column {
  char kind;
  Py_ssize_t width;
  Py_buffer out{};
  bool held = false;
  std::vector<std::string_view> words;
};

struct Columns {
  std::vector<Column> items;
  ~Columns() {
    for (Column& column : items)
      if (column.held) PyBuffer_Release(&column.out);
  }
};

enum class Outcome { done, more, refused };

bool real(std::string_view token, double& value) {
  if (token.front() == '+') token.remove_prefix(1);
  const std::size_t sign = !token.empty() && token.front() == '-';
  if (token.size() <= sign) return false;
  const char first = token[sign];
  if (first != '.' && (first < '0' || first > '9')) return false;  // "nan" and "inf" too
  const auto found = std::from_chars(token.data(), token.data() + token.size(), value);
  return found.ec == std::errc() && found.ptr == token.data() + token.size();
}

bool integer(std::string_view token, std::int32_t& value) {
  if (token.front() == '+') token.remove_prefix(1);
  const std::size_t sign = !token.empty() && token.front() == '-';
  if (token.size() <= sign || token.size() > sign + MOST_DIGITS) return false;
  if (token[sign] < '0' || token[sign] > '9') return false;
  const auto found = std::from_chars(token.data(), token.data() + token.size(), value);
  return found.ec == std::errc() && found.ptr == token.data() + token.size();
}

bool word(std::string_view token, std::vector<std::string_view>& words, std::int32_t& index) {
  for (std::size_t k = 0; k < words.size(); ++k)
    if (words[k] == token) {
      index = static_cast<std::int32_t>(k);
      return true;
    }
  if (words.size() == MOST_WORDS) return false;
  index = static_cast<std::int32_t>(words.size());
  words.push_back(token);
  return true;
}

bool store(Column& column, Py_ssize_t place, std::string_view token) {
  switch (column.kind) {
    case 'R':
      return real(token, static_cast<double*>(column.out.buf)[place]);
    case 'I':
      return integer(token, static_cast<std::int32_t*>(column.out.buf)[place]);
    case 'S':
      return word(token, column.words, static_cast<std::int32_t*>(column.out.buf)[place]);
    case 'L':
      static_cast<char*>(column.out.buf)[place] = token == "T";
      return token == "T" || token == "F";
    default:
      return true;  // '-', a column that nobody asked for
  }
}

bool blank(char c) { return c == ' ' || c == '\t'; }

// Reads `count` lines from `at`, which is moved behind the last.
Outcome parse(const char*& at, const char* end, bool whole, Py_ssize_t count, Columns& columns) {
  for (Py_ssize_t row = 0; row < count; ++row) {
    const char* stop = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (stop == nullptr && !whole) return Outcome::more;
    const char* next = stop == nullptr ? end : stop + 1;
    if (stop == nullptr) stop = end;
    if (stop > at && stop[-1] == '\r') --stop;
    for (Column& column : columns.items)
      for (Py_ssize_t part = 0; part < column.width; ++part) {
        while (at < stop && blank(*at)) ++at;
        const char* begin = at;
        while (at < stop && !blank(*at)) ++at;
        if (begin == at) return Outcome::refused;
        const std::string_view token(begin, static_cast<std::size_t>(at - begin));
        if (!store(column, row * column.width + part, token)) return Outcome::refused;
      }
    while (at < stop && blank(*at)) ++at;
    if (at != stop) return Outcome::refused;
    at = next;
  }
  return Outcome::done;
}

Py_ssize_t item_size(char kind) { return kind == 'R' ? 8 : kind == 'L' ? 1 : 4; }

// Takes (kind, width, array) of every column; returns false with a Python error set.
bool take(PyObject* sequence, Py_ssize_t count, Columns& columns) {
  const Py_ssize_t size = PySequence_Size(sequence);
  if (size < 0) return false;
  columns.items.resize(static_cast<std::size_t>(size));
  for (Py_ssize_t k = 0; k < size; ++k) {
    Column& column = columns.items[static_cast<std::size_t>(k)];
    PyObject* item = PySequence_GetItem(sequence, k);
    if (item == nullptr) return false;
    int kind = 0;
    PyObject* array = nullptr;
    const bool fits = PyArg_ParseTuple(item, "CnO", &kind, &column.width, &array) != 0;
    column.kind = static_cast<char>(kind);
    if (fits && column.kind != '-') {
      column.held = PyObject_GetBuffer(array, &column.out, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS) == 0;
      if (column.held && column.out.len != count * column.width * item_size(column.kind))
        PyErr_SetString(PyExc_ValueError, "an array does not have the size of its column");
    }
    Py_DECREF(item);
    if (PyErr_Occurred() != nullptr) return false;
  }
  return true;
}

// The words of every column of words; nullptr without a Python error where they are not UTF-8.
PyObject* names(const Columns& columns) {
  PyObject* found = PyList_New(0);
  for (const Column& column : columns.items) {
    if (column.kind != 'S' || found == nullptr) continue;
    PyObject* words = PyList_New(0);
    for (const std::string_view text : column.words) {
      PyObject* name = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
      if (name == nullptr || PyList_Append(words, name) != 0) {
        Py_XDECREF(name);
        Py_DECREF(words);
        Py_DECREF(found);
        if (PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) PyErr_Clear();
        return nullptr;
      }
      Py_DECREF(name);
    }
    PyList_Append(found, words);
    Py_DECREF(words);
  }
  return found;
}

PyObject* rows(PyObject*, PyObject* arguments) {
  Py_buffer text;
  Py_ssize_t start = 0;
  Py_ssize_t count = 0;
  int whole = 0;
  PyObject* sequence = nullptr;
  if (!PyArg_ParseTuple(arguments, "y*nnpO", &text, &start, &count, &whole, &sequence)) return nullptr;
  PyObject* result = nullptr;
  Columns columns;
  if (start < 0 || start > text.len) {
    PyErr_SetString(PyExc_ValueError, "the start is outside of the text");
  } else if (take(sequence, count, columns)) {
    const char* begin = static_cast<const char*>(text.buf);
    const char* at = begin + start;
    const Outcome outcome = parse(at, begin + text.len, whole != 0, count, columns);
    PyObject* words = outcome == Outcome::done ? names(columns) : nullptr;
    if (words != nullptr)
      result = Py_BuildValue("nN", static_cast<Py_ssize_t>(at - begin), words);
    else if (PyErr_Occurred() == nullptr)
      result = Py_BuildValue("nO", static_cast<Py_ssize_t>(outcome == Outcome::more ? -1 : -2), Py_None);
  }
  PyBuffer_Release(&text);
  return result;
}

PyMethodDef methods[] = {
    {"rows", rows, METH_VARARGS,
     "rows(text, start, count, whole, columns) -> (end, words)\n\n"
     "Fill the arrays of columns (kind, width, array) from count lines. The end is -1 where the text ends too early\n"
     "although it is not the whole file, and -2 where something is not plain."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef module = {PyModuleDef_HEAD_INIT, "_rows", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__rows() { return PyModule_Create(&module); }
