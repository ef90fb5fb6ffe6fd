package io.penstock.udf.model;

import java.util.List;

/**
 * One entry of a file's tensor table, checked to lie inside the file.
 *
 * @param name as the file has it
 * @param type how values are stored
 * @param typeName the type's name in the file's own words, for messages
 * @param shape row-major: the last dimension varies fastest
 * @param file where it lies
 * @param position of its first value in the file, bytes
 */
record RawTensor(
    String name,
    TensorType type,
    String typeName,
    List<Long> shape,
    ModelFile file,
    long position) {

  RawTensor {
    shape = List.copyOf(shape);
  }

  /**
   * @param expected what it must be
   * @return the tensor, readable
   * @throws ModelFileException if its shape is another, or its type is not read
   */
  StoredTensor as(LlamaTensors.Expected expected) throws ModelFileException {
    long rows = 1;
    boolean fits = !shape.isEmpty();
    for (int i = 0; i + 1 < shape.size(); i++) {
      fits &= rows == 1 && shape.get(i) >= 1;
      rows = Math.max(rows, shape.get(i));
    }
    fits = fits && rows == expected.rows() && shape.get(shape.size() - 1) == expected.cols();
    if (!fits) {
      throw new ModelFileException(
          "tensor has another shape than the model's configuration says: file="
              + file.path()
              + " tensor="
              + name
              + " shape="
              + shape
              + " expected="
              + (expected.rows() == 1
                  ? "[" + expected.cols() + "]"
                  : "[" + expected.rows() + ", " + expected.cols() + "]"));
    }
    if (type == null || !type.readable()) {
      throw new ModelFileException(
          "tensor has a type that is not read yet: file="
              + file.path()
              + " tensor="
              + name
              + " type="
              + typeName
              + "; types read: "
              + TensorType.readableNames());
    }
    return new StoredTensor(
        expected.name(), expected.rows(), expected.cols(), type, file, position);
  }
}
