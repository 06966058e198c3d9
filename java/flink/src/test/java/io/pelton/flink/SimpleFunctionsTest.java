package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The functions people start with: a call a row, and a batch a window. */
class SimpleFunctionsTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private FakeModelServer server;

    @BeforeEach
    void start() {
        server = FakeModelServer.matrix(1);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void mapAsksTheMinimalContract() throws Exception {
        DataStream<double[]> rows =
                Cluster.environment().fromData(new double[] {1, 2}, new double[] {3.5});
        assertThat(
                        collect(
                                rows.map(
                                        PeltonMapFunction.minimal(
                                                server.endpoint(), (double[] row) -> row))))
                .containsExactly(3.0, 3.5);
    }

    @Test
    void mapAsksAModelByName() throws Exception {
        DataStream<Long> rows = Cluster.environment().fromData(1L, 2L);
        assertThat(
                        collect(
                                rows.map(
                                        PeltonMapFunction.model(
                                                server.endpoint(), "m", value(), Types.LONG))))
                .extracting(Scored::label)
                .containsExactly(1.0, 2.0);
        assertThat(server.batchRows).containsExactly(1, 1);
    }

    @Test
    void flatMapFailsOrDrops() throws Exception {
        DataStream<Double> rows = Cluster.environment().fromData(1.0, FakeModelServer.POISON, 2.0);
        PeltonFlatMapFunction<Double, Double> minimal =
                PeltonFlatMapFunction.minimal(
                        server.endpoint(), (Double row) -> new double[] {row});
        assertThat(collect(rows.flatMap(minimal.droppingFailures()))).containsExactly(1.0, 2.0);
        assertThatThrownBy(() -> collect(rows.flatMap(minimal)))
                .satisfies(
                        thrown ->
                                assertThat(ExceptionUtils.stringifyException(thrown))
                                        .contains(
                                                "INVALID_ARGUMENT: ValueError: poison (input: -666.0)"));
    }

    @Test
    void flatMapAsksAModelByName() throws Exception {
        DataStream<Long> rows = Cluster.environment().fromData(4L);
        assertThat(
                        collect(
                                rows.flatMap(
                                        PeltonFlatMapFunction.model(
                                                server.endpoint(), "m", value(), Types.LONG))))
                .extracting(Scored::input)
                .containsExactly(4L);
    }

    @Test
    void aWindowIsOneBatch() throws Exception {
        DataStream<Scored<Long>> scored =
                timed(30)
                        .windowAll(TumblingEventTimeWindows.of(Duration.ofMillis(10)))
                        .process(
                                new PeltonAllWindowFunction<Long, TimeWindow>(
                                        server.endpoint(), "m", value(), Types.LONG));
        assertThat(collect(scored))
                .hasSize(30)
                .allMatch(row -> row.number("predict") == row.input());
        assertThat(server.batchRows).containsExactly(10, 10, 10);
    }

    @Test
    void aKeyedWindowIsOneBatchAKey() throws Exception {
        DataStream<Scored<Long>> scored =
                timed(30)
                        .keyBy(row -> row % 2)
                        .window(TumblingEventTimeWindows.of(Duration.ofMillis(10)))
                        .process(
                                new PeltonWindowFunction<Long, Long, TimeWindow>(
                                        server.endpoint(), "m", value(), Types.LONG));
        assertThat(collect(scored)).hasSize(30);
        assertThat(server.batchRows).containsExactly(5, 5, 5, 5, 5, 5);
    }

    @Test
    void aBadRowOfAWindowFailsAlone() throws Exception {
        FeatureMapping<Long> poisoned =
                FeatureMapping.<Long>builder()
                        .any(
                                "value",
                                row ->
                                        row == 3
                                                ? (Object) FakeModelServer.POISON
                                                : row == 4 ? "text" : row)
                        .build();
        DataStream<Scored<Long>> scored =
                timed(10)
                        .windowAll(TumblingEventTimeWindows.of(Duration.ofMillis(10)))
                        .process(
                                new PeltonAllWindowFunction<Long, TimeWindow>(
                                                server.endpoint(), "m", poisoned, Types.LONG)
                                        .droppingFailures());
        assertThat(collect(scored))
                .extracting(Scored::input)
                .containsExactly(0L, 1L, 2L, 5L, 6L, 7L, 8L, 9L);
    }

    @Test
    void aWindowTooLargeForTheServerIsAskedInParts() throws Exception {
        server.refuseAbove(100);
        DataStream<Scored<Long>> scored =
                timed(1_000)
                        .windowAll(TumblingEventTimeWindows.of(Duration.ofMillis(1_000)))
                        .process(
                                new PeltonAllWindowFunction<Long, TimeWindow>(
                                        server.endpoint(), "m", value(), Types.LONG));
        assertThat(collect(scored))
                .extracting(Scored::input)
                .containsExactlyElementsOf(ScoringTest.range(1_000));
        // the whole, then halves until they fit: no row by row
        assertThat(server.batchRows).hasSizeLessThan(40);
    }

    private static FeatureMapping<Long> value() {
        return FeatureMapping.<Long>builder().number("value", row -> row).build();
    }

    private static DataStream<Long> timed(int count) {
        StreamExecutionEnvironment env = Cluster.environment();
        return env.fromSequence(0, count - 1)
                .assignTimestampsAndWatermarks(
                        WatermarkStrategy.<Long>forMonotonousTimestamps()
                                .withTimestampAssigner((row, at) -> row));
    }
}
