// Rows become the tensors they should; a row that cannot be written leaves no trace.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RowBatchTest {
    private static final RowSchema FLIGHT =
            RowSchema.columns(
                    Column.of("distance", DataType.FP64),
                    Column.of("origin", DataType.BYTES),
                    Column.of("hour", DataType.INT8),
                    Column.of("late", DataType.BOOL));

    @Test
    void makesOneTensorAColumn() {
        RowBatch batch = RowBatch.of(FLIGHT);
        batch.add(
                row -> {
                    row.setString(1, "JFK");
                    row.setDouble(0, -0.0);
                    row.setInt(2, -128);
                    row.setBoolean(3, true);
                });
        batch.add(
                row -> {
                    row.setMissing(0);
                    row.setString(1, "東京🛫");
                    row.setLong(2, 127);
                    row.setBoolean(3, false);
                });
        List<Tensor> tensors = batch.tensors();
        assertThat(tensors)
                .extracting(Tensor::toString)
                .containsExactly(
                        "distance: FP64[2]", "origin: BYTES[2]", "hour: INT8[2]", "late: BOOL[2]");
        assertThat(1 / tensors.get(0).getDouble(0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(tensors.get(0).getDouble(1)).isNaN();
        assertThat(tensors.get(1).getString(1)).isEqualTo("東京🛫");
        assertThat(tensors.get(2).getLong(0)).isEqualTo(-128);
        assertThat(tensors.get(3).getBoolean(0)).isTrue();
        assertThat(batch.byteSize()).isEqualTo(2 * 8 + 4 + 3 + 4 + 10 + 2 + 2);
    }

    @Test
    void sendsValidityOnlyWhereAValueIsMissing() {
        RowBatch batch = RowBatch.of(FLIGHT);
        for (int i = 0; i < 40; i++) {
            boolean missing = i == 33;
            batch.add(
                    row -> {
                        row.setMissing(0);
                        if (missing) {
                            row.setMissing(1);
                        } else {
                            row.setString(1, "x");
                        }
                        row.setInt(2, 1);
                        row.setBoolean(3, false);
                    });
        }
        List<Tensor> tensors = batch.tensors();
        assertThat(tensors)
                .extracting(Tensor::name)
                .containsExactly("distance", "origin", "origin:valid", "hour", "late");
        for (int i = 0; i < 40; i++) {
            assertThat(tensors.get(2).getBoolean(i)).isEqualTo(i != 33);
            assertThat(tensors.get(1).getString(i)).isEqualTo(i == 33 ? "" : "x");
        }
    }

    @Test
    void refusesRowsThatAreNotWhole() {
        refused(
                "column 'origin' was not set, say setMissing for a missing value",
                row -> {
                    row.setDouble(0, 1);
                    row.setInt(2, 1);
                    row.setBoolean(3, true);
                });
        refused("column 'distance' is FP64 and cannot hold a string", row -> row.setString(0, "x"));
        refused(
                "column 'hour' is INT8 and cannot hold the whole number 128",
                row -> row.setInt(2, 128));
        refused("column 'hour' is INT8 and cannot hold a double", row -> row.setDouble(2, 1));
        refused(
                "column 'late' is BOOL and cannot hold the whole number 1",
                row -> row.setInt(3, 1));
        refused(
                "column 'origin' is null, say setMissing for a missing value",
                row -> row.setString(1, null));
        refused(
                "column 'origin' has an unpaired surrogate at 1",
                row -> row.setString(1, "a\udc00"));
        refused("no cell 4, a row has 4 from 0", row -> row.setDouble(4, 1));
        refused(
                "column 'distance' is FP64 and cannot hold the whole number 9007199254740993",
                row -> row.setLong(0, 9007199254740993L));
        refused("a row has 4 cells, got 2", row -> row.setDoubles(new double[2]));
        refused(
                "the row could not be written: java.util.NoSuchElementException: gone",
                row -> {
                    row.setDouble(0, 5);
                    row.setString(1, "half a row");
                    throw new java.util.NoSuchElementException("gone");
                });
        RowSchema whole = RowSchema.matrix("input", DataType.INT32, 2);
        assertThatThrownBy(() -> RowBatch.of(whole).add(row -> row.setMissing(1)))
                .hasMessage("cell 1 of 'input' is INT32 and cannot hold a missing value");
    }

    private static void refused(String message, Row bad) {
        RowBatch batch = RowBatch.of(FLIGHT);
        Row good =
                row -> {
                    row.setDouble(0, 1);
                    row.setString(1, "EWR");
                    row.setInt(2, 2);
                    row.setBoolean(3, true);
                };
        batch.add(good);
        assertThatThrownBy(() -> batch.add(bad))
                .isInstanceOfSatisfying(
                        PeltonException.class,
                        e -> assertThat(e.code()).isEqualTo(PeltonException.Code.INVALID_ARGUMENT))
                .hasMessage(message);
        batch.add(good);
        assertThat(batch.rows()).isEqualTo(2);
        assertThat(batch.tensors().get(1).getString(1)).isEqualTo("EWR");
    }

    @Test
    void aWriterKeptBeyondItsRowIsRefused() {
        List<RowWriter> kept = new ArrayList<>();
        RowBatch.of(RowSchema.matrix("x", DataType.FP64, 1))
                .add(
                        row -> {
                            row.setDouble(0, 1);
                            kept.add(row);
                        });
        assertThatThrownBy(() -> kept.get(0).setDouble(0, 2))
                .hasMessage("the row is written already, its writer is closed");
    }

    @Test
    void convertsOnlyWhereNothingIsLost() {
        RowSchema schema =
                RowSchema.columns(
                        Column.of("a", DataType.FP32),
                        Column.of("b", DataType.FP16),
                        Column.of("c", DataType.UINT8),
                        Column.of("d", DataType.UINT64));
        RowBatch batch = RowBatch.of(schema);
        batch.add(
                row -> {
                    row.setDouble(0, 0.1);
                    row.setFloat(1, 0.1f);
                    row.setInt(2, 255);
                    row.setLong(3, -1);
                });
        List<Tensor> tensors = batch.tensors();
        assertThat(tensors.get(0).getFloat(0)).isEqualTo(0.1f);
        assertThat(tensors.get(1).getDouble(0)).isEqualTo(0.0999755859375);
        assertThat(tensors.get(2).getLong(0)).isEqualTo(255);
        assertThat(tensors.get(3).getDouble(0)).isEqualTo(0x1p64);
        assertThatThrownBy(() -> batch.add(row -> row.setInt(3, -1)))
                .hasMessage("column 'd' is UINT64 and cannot hold the whole number -1");
        assertThatThrownBy(() -> batch.add(row -> row.setInt(2, -1)))
                .hasMessage("column 'c' is UINT8 and cannot hold the whole number -1");
        assertThatThrownBy(() -> batch.add(row -> row.setInt(0, (1 << 24) + 1)))
                .hasMessageContaining("column 'a' is FP32");
    }

    /**
     * Random rows, some of them bad: whole and in slices the buffers hold exactly the good ones.
     */
    @Test
    void buffersAndTheirSlicesHoldExactlyTheRowsWritten() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            RowScratch scratch = new RowScratch(FLIGHT);
            RowBuffers buffers = new RowBuffers(FLIGHT, random.nextInt(4));
            List<Object[]> rows = new ArrayList<>();
            for (int i = 0; i < random.nextInt(60); i++) {
                Object[] cells = randomRow(random);
                try {
                    scratch.write(row -> write(row, cells));
                    buffers.append(scratch);
                    rows.add(cells);
                } catch (Exception e) {
                    assertThat(cells[3]).as("a good row was refused: " + e).isEqualTo("bad");
                }
            }
            int from = rows.isEmpty() ? 0 : random.nextInt(rows.size());
            int to = from + (rows.isEmpty() ? 0 : random.nextInt(rows.size() - from + 1));
            check(buffers, rows);
            check(buffers.slice(from, to), rows.subList(from, to));
            assertThat(buffers.byteSize(from, to)).isEqualTo(buffers.slice(from, to).byteSize());
        }
    }

    private static Object[] randomRow(Random random) {
        String text =
                random.ints(random.nextInt(12), 1, 0x2fff)
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining());
        return new Object[] {
            Double.longBitsToDouble(random.nextLong()),
            random.nextInt(5) == 0 ? null : text,
            random.nextInt(5) == 0 ? null : (byte) random.nextInt(),
            random.nextInt(6) == 0 ? "bad" : (Object) random.nextBoolean()
        };
    }

    private static void write(RowWriter row, Object[] cells) {
        row.setDouble(0, (double) cells[0]);
        if (cells[1] == null) {
            row.setMissing(1);
        } else {
            row.setString(1, (String) cells[1]);
        }
        if (cells[2] == null) {
            row.setMissing(2);
        } else {
            row.setInt(2, (byte) cells[2]);
        }
        if (cells[3].equals("bad")) {
            row.setString(3, "not a boolean");
        }
        row.setBoolean(3, (boolean) cells[3]);
    }

    private static void check(RowBuffers buffers, List<Object[]> rows) {
        List<Tensor> tensors = new ArrayList<>();
        buffers.forEachTensor(
                (name, type, shape, data, length) ->
                        tensors.add(
                                Tensor.of(
                                        name,
                                        type,
                                        shape,
                                        java.nio.ByteBuffer.wrap(data, 0, length))));
        assertThat(buffers.rows()).isEqualTo(rows.size());
        assertThat(tensors.stream().anyMatch(t -> t.name().equals("origin:valid")))
                .isEqualTo(rows.stream().anyMatch(row -> row[1] == null));
        for (Tensor tensor : tensors) {
            for (int i = 0; i < rows.size(); i++) {
                Object[] row = rows.get(i);
                switch (tensor.name()) {
                    case "distance":
                        assertThat(Double.doubleToRawLongBits(tensor.getDouble(i)))
                                .isEqualTo(Double.doubleToRawLongBits((double) row[0]));
                        break;
                    case "origin":
                        assertThat(tensor.getString(i)).isEqualTo(row[1] == null ? "" : row[1]);
                        break;
                    case "hour":
                        assertThat(tensor.getLong(i)).isEqualTo(row[2] == null ? 0 : (byte) row[2]);
                        break;
                    case "late":
                        assertThat(tensor.getBoolean(i)).isEqualTo(row[3]);
                        break;
                    case "origin:valid":
                        assertThat(tensor.getBoolean(i)).isEqualTo(row[1] != null);
                        break;
                    default:
                        assertThat(tensor.name()).isEqualTo("hour:valid");
                        assertThat(tensor.getBoolean(i)).isEqualTo(row[2] != null);
                }
            }
        }
    }
}
