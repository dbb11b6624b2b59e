"""Makes flights-sample.parquet: every 50th row of the full flights table, in time order.

Usage: python make_sample.py FULL.parquet flights-sample.parquet    (needs pyarrow)
"""

import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

STEP = 50
# The smallest types that keep every value of the full table; `probability` stays an exact double.
TYPES = pa.schema(
    [
        ("time", pa.timestamp("us", tz="UTC")),
        ("origin", pa.string()),
        ("destination", pa.string()),
        ("distance", pa.int16()),
        ("hour", pa.int8()),
        ("probability", pa.float64()),
        ("delay_minutes", pa.int16()),
        ("late", pa.int8()),
    ]
)


def main(source: str, target: str) -> None:
    full = pq.read_table(source, columns=TYPES.names)
    times = full["time"]
    assert pc.all(pc.less_equal(times[:-1], times[1:])).as_py(), "the full table is not in time order"
    sample = full.take(pa.array(range(0, full.num_rows, STEP)))
    columns = [sample[field.name].cast(field.type) for field in TYPES]
    sample = pa.table(columns, schema=TYPES)
    pq.write_table(
        sample,
        target,
        compression="zstd",
        compression_level=19,
        use_dictionary=["origin", "destination", "distance", "hour", "delay_minutes", "late"],
        column_encoding={"time": "DELTA_BINARY_PACKED", "probability": "BYTE_STREAM_SPLIT"},
        row_group_size=sample.num_rows,
    )
    print(f"{sample.num_rows} of {full.num_rows} rows, {times[0]} to {times[-1]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
