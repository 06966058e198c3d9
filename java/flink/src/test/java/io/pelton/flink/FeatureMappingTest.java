package io.pelton.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pelton.client.DataType;
import io.pelton.client.ModelMetadata;
import io.pelton.client.TensorSpec;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

/** Every kind of input as a model's row, and every way it can fail to fit, told at once. */
class FeatureMappingTest {
    private static final ModelMetadata FLIGHTS =
            model(
                    new TensorSpec("dep_delay", DataType.FP64, -1),
                    new TensorSpec("carrier", DataType.BYTES, -1),
                    new TensorSpec("day", DataType.INT64, -1),
                    new TensorSpec("weekend", DataType.BOOL, -1));
    private static final ModelMetadata MATRIX = model(new TensorSpec("x", DataType.FP32, -1, 3));

    /** A flight as people write it: public fields, a getter, camel case. */
    public static class Flight {
        public Double depDelay;
        public String carrier;
        public Object unrelated = new Object();
        private final int day;

        Flight(Double depDelay, String carrier, int day) {
            this.depDelay = depDelay;
            this.carrier = carrier;
            this.day = day;
        }

        public int getDay() {
            return day;
        }

        public boolean isWeekend() {
            return day > 5;
        }
    }

    /** Nothing fits. */
    public static class Unfit {
        public String depDelay;
        public double carrier;
        public java.time.Instant day;
    }

    enum Carrier {
        UA
    }

    @Test
    void pojoPropertiesAreFoundByName() throws Exception {
        BoundFeatures<Flight> bound = travelled(FeatureMapping.pojo(Flight.class)).bind(FLIGHTS);

        assertThat(bound.schema().isMatrix()).isFalse();
        assertThat(write(bound, new Flight(12.5, "Ünïted ✈", 6)))
                .containsExactly(12.5, "Ünïted ✈", 6L, true);
        assertThat(write(bound, new Flight(Double.NaN, "", 1)))
                .containsExactly(Double.NaN, "", 1L, false);
        assertThat(write(bound, new Flight(null, null, 1)))
                .containsExactly(RecordedRow.MISSING, RecordedRow.MISSING, 1L, false);
    }

    @Test
    void everyWrongPojoColumnIsNamedAtOnce() {
        assertThatThrownBy(() -> FeatureMapping.pojo(Unfit.class).bind(FLIGHTS))
                .isInstanceOf(SchemaMismatchException.class)
                .hasMessageContaining("column 'dep_delay' takes FP64, the feature is String")
                .hasMessageContaining("column 'carrier' takes BYTES, the feature is double")
                .hasMessageContaining("column 'day' takes INT64, the feature is Instant")
                .hasMessageContaining(
                        "column 'weekend' (BOOL) is missing: Unfit has [carrier, day, depDelay]")
                .hasMessageContaining(
                        "the model takes: dep_delay (FP64), carrier (BYTES), day (INT64), weekend (BOOL)");
    }

    @Test
    void aPojoCannotFillAMatrixWithoutNames() {
        assertThatThrownBy(() -> FeatureMapping.pojo(Flight.class).bind(MATRIX))
                .isInstanceOf(SchemaMismatchException.class)
                .hasMessageContaining("FeatureMapping.builder()");
    }

    /** Public fields of a class that is not public cannot be read. */
    private static class Hidden {
        @SuppressWarnings("unused")
        public double value;
    }

    @Test
    void aClassThatCannotBeReadIsRefusedWhereItIsNamed() {
        assertThatThrownBy(() -> FeatureMapping.pojo(Hidden.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Hidden")
                .hasMessageContaining("public");
    }

    @Test
    void builderNamesMissingSurplusAndIllTyped() {
        FeatureMapping<Flight> mapping =
                FeatureMapping.<Flight>builder()
                        .text("dep_delay", f -> f.carrier)
                        .number("carrier", f -> f.depDelay)
                        .number("weekday", f -> f.day)
                        .bool("weekend", Flight::isWeekend)
                        .build();

        assertThatThrownBy(() -> mapping.bind(FLIGHTS))
                .isInstanceOf(SchemaMismatchException.class)
                .hasMessageContaining("column 'day' (INT64) is missing")
                .hasMessageContaining("feature 'weekday' is no column of the model")
                .hasMessageContaining("column 'dep_delay' takes FP64, the feature is text")
                .hasMessageContaining("column 'carrier' takes BYTES, the feature is number");
    }

    @Test
    void builderWritesInTheModelsOrder() throws Exception {
        FeatureMapping<Flight> mapping =
                FeatureMapping.<Flight>builder()
                        .bool("weekend", Flight::isWeekend)
                        .number("day", f -> f.day)
                        .any("carrier", f -> Carrier.UA)
                        .number("dep_delay", f -> new BigDecimal("2.25"))
                        .build();

        assertThat(write(travelled(mapping).bind(FLIGHTS), new Flight(1.0, "x", 7)))
                .containsExactly(2.25, "UA", 7L, true);
    }

    @Test
    void aValueOfAnotherTypeFailsItsRowAndNamesTheColumn() {
        BoundFeatures<Row> bound =
                FeatureMapping.row("dep_delay", "carrier", "day", "weekend").bind(FLIGHTS);

        assertThatThrownBy(() -> write(bound, Row.of("late", "UA", 1, false)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("column 'dep_delay' takes FP64, the row has late of String");
        assertThatThrownBy(() -> write(bound, Row.of(1.0, "UA", 1.5, false)))
                .hasMessage("column 'day' takes INT64, the row has 1.5 of Double");
        assertThatThrownBy(() -> write(bound, Row.of(1.0, 5, 1, false)))
                .hasMessage("column 'carrier' takes BYTES, the row has 5 of Integer");
    }

    @Test
    void rowsAreReadByNameAndByPosition() throws Exception {
        BoundFeatures<Row> bound =
                travelled(FeatureMapping.row("carrier", "dep_delay", "day", "weekend"))
                        .bind(FLIGHTS);
        Row named = Row.withNames(RowKind.INSERT);
        named.setField("weekend", true);
        named.setField("day", (short) 3);
        named.setField("dep_delay", null);
        named.setField("carrier", "é");
        named.setField("other", "ignored");

        assertThat(write(bound, named)).containsExactly(RecordedRow.MISSING, "é", 3L, true);
        assertThat(write(bound, Row.of("UA", 1L << 60, 1, false)))
                .containsExactly((double) (1L << 60), "UA", 1L, false);
        assertThatThrownBy(() -> write(bound, Row.of("UA", 1)))
                .hasMessageContaining("2 fields, 4 are mapped");
    }

    @Test
    void rowDataIsReadByItsType() throws Exception {
        RowType type =
                RowType.of(
                        new org.apache.flink.table.types.logical.LogicalType[] {
                            new BigIntType(),
                            new DecimalType(10, 2),
                            new VarCharType(10),
                            new DoubleType(),
                            new TimestampType(3)
                        },
                        new String[] {"day", "dep_delay", "carrier", "rate", "at"});
        ModelMetadata model =
                model(
                        new TensorSpec("carrier", DataType.BYTES, -1),
                        new TensorSpec("dep_delay", DataType.FP64, -1),
                        new TensorSpec("day", DataType.INT64, -1));
        BoundFeatures<RowData> bound =
                travelled(FeatureMapping.rowData(type, "day", "dep_delay", "carrier")).bind(model);
        DecimalData decimal = DecimalData.fromBigDecimal(new BigDecimal("1.25"), 10, 2);

        assertThat(
                        write(
                                bound,
                                GenericRowData.of(
                                        4L, decimal, StringData.fromString("日本"), 1.0, null)))
                .containsExactly("日本", 1.25, 4L);
        assertThat(write(bound, GenericRowData.of(4L, null, null, 1.0, null)))
                .containsExactly(RecordedRow.MISSING, RecordedRow.MISSING, 4L);
        assertThatThrownBy(() -> FeatureMapping.rowData(type).bind(model))
                .isInstanceOf(SchemaMismatchException.class)
                .hasMessageContaining("feature 'rate' is no column")
                .hasMessageContaining("feature 'at' is no column");
        assertThatThrownBy(() -> FeatureMapping.rowData(type, "nope"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nope");
    }

    @Test
    void arraysAreRowsOfTheMatrix() throws Exception {
        BoundFeatures<double[]> doubles = travelled(FeatureMapping.doubles()).bind(MATRIX);
        assertThat(doubles.schema().isMatrix()).isTrue();
        assertThat(doubles.schema().columns().get(0).name()).isEqualTo("x");
        assertThat(doubles.schema().cells()).isEqualTo(3);
        assertThat(write(doubles, new double[] {1, Double.NaN, 3}))
                .containsExactly(1.0, Double.NaN, 3.0);
        assertThat(write(travelled(FeatureMapping.floats(3)).bind(MATRIX), new float[] {1, 2, 3}))
                .containsExactly(1f, 2f, 3f);

        assertThatThrownBy(() -> FeatureMapping.doubles(4).bind(MATRIX))
                .hasMessageContaining("takes 3 features a row, 4 are given");
        assertThatThrownBy(() -> FeatureMapping.doubles().bind(FLIGHTS))
                .isInstanceOf(SchemaMismatchException.class)
                .hasMessageContaining("'carrier' takes BYTES");
        assertThatThrownBy(() -> FeatureMapping.doubles().bind(model()))
                .hasMessageContaining("doubles(n)");
        assertThat(FeatureMapping.doubles(5).bind(model()).schema().cells()).isEqualTo(5);
    }

    @Test
    void numericColumnsTakeAMatrixInTheirPlace() {
        ModelMetadata columns =
                model(
                        new TensorSpec("a", DataType.FP64, -1),
                        new TensorSpec("b", DataType.FP64, -1));
        BoundFeatures<double[]> bound = FeatureMapping.doubles().bind(columns);
        assertThat(bound.schema().columns().get(0).name()).isEqualTo("input");
        assertThat(bound.schema().cells()).isEqualTo(2);
    }

    @Test
    void namedFeaturesFillAMatrixInTheirOrder() throws Exception {
        FeatureMapping<Flight> two =
                FeatureMapping.<Flight>builder().number("a", f -> 1).bool("b", f -> true).build();
        assertThatThrownBy(() -> two.bind(MATRIX))
                .hasMessageContaining("takes 3 features a row, 2 are given: [a, b]");
        FeatureMapping<Flight> three =
                FeatureMapping.<Flight>builder()
                        .number("a", f -> 1)
                        .bool("b", f -> true)
                        .number("c", f -> null)
                        .build();
        assertThat(write(three.bind(MATRIX), new Flight(1.0, "", 1)))
                .containsExactly(1.0, 1.0, RecordedRow.MISSING);
    }

    @Test
    void aModelThatTellsNothingTakesWhatTheFeaturesAre() {
        FeatureMapping<Flight> typed =
                FeatureMapping.<Flight>builder()
                        .number("a", f -> 1)
                        .text("b", f -> "")
                        .bool("c", f -> true)
                        .build();
        assertThat(typed.bind(model()).schema().columns())
                .extracting(column -> column.dataType())
                .containsExactly(DataType.FP64, DataType.BYTES, DataType.BOOL);
        assertThatThrownBy(() -> FeatureMapping.row("a").bind(model()))
                .hasMessageContaining("'a' is unknown");
    }

    @Test
    void aNameTwiceIsRefused() {
        assertThatThrownBy(() -> FeatureMapping.row("a", "a"))
                .hasMessage("feature 'a' is named twice");
    }

    private static ModelMetadata model(TensorSpec... inputs) {
        return new ModelMetadata(
                "flights", List.of("1"), "sklearn", List.of(inputs), List.of(), Map.of());
    }

    private static <T> T travelled(T mapping) throws Exception {
        return InstantiationUtil.deserializeObject(
                InstantiationUtil.serializeObject(mapping),
                FeatureMappingTest.class.getClassLoader());
    }

    private static <IN> Object[] write(BoundFeatures<IN> bound, IN input) throws Exception {
        RecordedRow row = new RecordedRow(bound.schema().cells());
        bound.write(input, row);
        return row.cells;
    }
}
