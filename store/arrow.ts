import {
  Bool,
  DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';

export const types = {
  int: new Int32(),
  /** For sums and counts that may pass 2³¹. */
  double: new Float64(),
  boolean: new Bool(),
  string: new Utf8(),
  strings: new List(new Field('item', new Utf8(), true)),
  ints: new List(new Field('item', new Int32(), true)),
  doubles: new List(new Field('item', new Float64(), true)),
  vector: (dimensions: number) =>
    new FixedSizeList(dimensions, new Field('item', new Float32(), true)),
};

/** A schema of required columns; a name that ends in "?" is a nullable column. */
export function schemaOf(columns: Record<string, DataType>): Schema {
  return new Schema(
    Object.entries(columns).map(
      ([name, type]) => new Field(name.replace(/\?$/, ''), type, name.endsWith('?')),
    ),
  );
}

/** Rows as an Arrow table of exactly this schema: nothing is inferred from the values. */
export function toArrow(schema: Schema, rows: readonly object[]): Table {
  const children = schema.fields.map((field) => {
    const values = rows.map((row) => (row as Record<string, unknown>)[field.name] ?? null);
    return field.type instanceof FixedSizeList
      ? vectorColumn(field.type, values as ArrayLike<number>[])
      : vectorFromArray(values, field.type).data[0]!;
  });
  const struct = new Struct(schema.fields);
  const data = makeData({ type: struct, length: rows.length, nullCount: 0, children });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

/** Arrow's own builder goes value by value; a vector is copied whole. */
function vectorColumn(type: FixedSizeList, rows: ArrayLike<number>[]) {
  const flat = new Float32Array(rows.length * type.listSize);
  rows.forEach((row, index) => {
    flat.set(row, index * type.listSize);
  });
  const child = makeData({ type: new Float32(), length: flat.length, nullCount: 0, data: flat });
  return makeData({ type, length: rows.length, nullCount: 0, child });
}

/** The rows of a batch as plain objects: lists as arrays, vectors as Float32Array. */
export function fromArrow<Row>(batch: RecordBatch, leftOut?: string): Row[] {
  const fields = batch.schema.fields.filter(({ name }) => name !== leftOut);
  const columns = fields.map(({ name, type }) => {
    const column = batch.getChild(name)!;
    const nested = DataType.isList(type) || DataType.isFixedSizeList(type);
    return {
      name,
      value: nested ? (index: number) => list(column.get(index)) : column.get.bind(column),
    };
  });
  return Array.from({ length: batch.numRows }, (_, index) => {
    const row: Record<string, unknown> = {};
    for (const { name, value } of columns) row[name] = value(index);
    return row as Row;
  });
}

/** A copy of a nested value, so that a kept row does not keep its whole batch alive. */
function list(value: Vector | null): unknown {
  if (!value) return null;
  const items = value.toArray();
  return items instanceof Float32Array ? items.slice() : Array.from(items);
}
