package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every kind of input through Flink's serializers and over the wire, with missing values, NaN and
 * texts beyond ASCII. The server answers delay + bytes of the carrier + day, plus 1 for every
 * validity flag that is true.
 */
class MappingJobTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private FakeModelServer server;

    /** As a user writes it. */
    public static class Flight {
        public Double delay;
        public String carrier;
        public Long day;

        public Flight() {}

        Flight(Double delay, String carrier, Long day) {
            this.delay = delay;
            this.carrier = carrier;
            this.day = day;
        }
    }

    @BeforeEach
    void start() {
        server = FakeModelServer.columns("delay:FP64", "carrier:BYTES", "day:INT64");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void pojos() throws Exception {
        // the stream's type is the POJO's: generic types are off, Kryo would be refused
        DataStream<Flight> flights =
                Cluster.environment()
                        .fromData(
                                Types.POJO(Flight.class),
                                new Flight(1.5, "日本", 2L),
                                new Flight(null, "", 1L),
                                new Flight(Double.NaN, "é", 1L));
        assertThat(collect(numbers(flights, FeatureMapping.pojo(Flight.class))))
                .containsExactly(1.5 + 6 + 2, Double.NaN, Double.NaN);
    }

    @Test
    void missingTextsAndIntegersAreSaidToBeMissing() throws Exception {
        DataStream<Flight> flights =
                Cluster.environment()
                        .fromData(Types.POJO(Flight.class), new Flight(1.0, null, null));
        assertThat(collect(numbers(flights, FeatureMapping.pojo(Flight.class))))
                .containsExactly(1.0);
        assertThat(server.inputNames)
                .containsExactlyInAnyOrder("delay", "carrier", "carrier:valid", "day", "day:valid");
    }

    @Test
    void rows() throws Exception {
        DataStream<Row> rows =
                Cluster.environment()
                        .fromData(
                                Types.ROW_NAMED(
                                        new String[] {"id", "day", "carrier", "delay"},
                                        Types.STRING,
                                        Types.LONG,
                                        Types.STRING,
                                        Types.DOUBLE),
                                Row.of("a", 2L, "日本", 1.5),
                                Row.of("b", 2L, "", null))
                        // through the serializer, which gives the rows their names
                        .rebalance();
        assertThat(collect(numbers(rows, FeatureMapping.row("delay", "carrier", "day"))))
                .containsExactly(9.5, Double.NaN);
    }

    @Test
    void rowDatas() throws Exception {
        RowType type =
                RowType.of(
                        new LogicalType[] {new BigIntType(), new VarCharType(20), new DoubleType()},
                        new String[] {"day", "carrier", "delay"});
        DataStream<RowData> rows =
                Cluster.environment()
                        .fromData(
                                InternalTypeInfo.of(type),
                                GenericRowData.of(2L, StringData.fromString("日本"), 1.5),
                                GenericRowData.of(2L, StringData.fromString(""), null));
        assertThat(collect(numbers(rows, FeatureMapping.rowData(type))))
                .containsExactly(9.5, Double.NaN);
    }

    private <IN> DataStream<Double> numbers(DataStream<IN> stream, FeatureMapping<IN> features) {
        return Pelton.score(stream)
                .endpoints(server.endpoint())
                .model("m")
                .features(features)
                .outputs("predict")
                .ordered()
                .apply()
                .map(row -> row.number("predict"));
    }
}
