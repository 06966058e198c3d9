package io.pelton.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.DataType;
import io.pelton.client.RowSchema;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs against a server: order, batches, results, object reuse. */
class ScoringTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private FakeModelServer server;

    @BeforeEach
    void start() {
        server = FakeModelServer.matrix(2);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Scoring<Long> scoring(DataStream<Long> rows) {
        return Pelton.score(rows)
                .endpoints(server.endpoint())
                .model("m")
                .features(
                        FeatureMapping.<Long>builder()
                                .number("whole", row -> row)
                                .number("half", row -> 0.5)
                                .build());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void orderedKeepsTheOrder(boolean objectReuse) throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        if (objectReuse) {
            env.getConfig().enableObjectReuse();
        }
        List<Scored<Long>> scored = collect(scoring(env.fromSequence(0, 4999)).ordered().apply());

        assertThat(scored).extracting(Scored::input).containsExactlyElementsOf(range(5000));
        assertThat(scored)
                .allSatisfy(row -> assertThat(row.number("predict")).isEqualTo(row.input() + 0.5));
    }

    @Test
    void rowsMayTakeForEver() throws Exception {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        List<Scored<Long>> scored =
                collect(
                        scoring(Cluster.environment().fromSequence(0, 9))
                                .timeout(forEver)
                                .openTimeout(forEver)
                                .apply());
        assertThat(scored).hasSize(10);
    }

    /** 100 rows of a megabyte each at a server that takes its time. */
    @Test
    void largeRowsWaitForTheServerAndAreNotRefused() throws Exception {
        int features = 1 << 17;
        try (FakeModelServer wide = FakeModelServer.matrix(features)) {
            wide.hold();
            StreamExecutionEnvironment env = Cluster.environment();
            DataStream<Long> rows =
                    env.fromSequence(0, 99)
                            .map(
                                    row -> {
                                        if (row == 99) {
                                            held.release();
                                        }
                                        return row;
                                    })
                            .returns(Long.class);
            held = wide;
            List<Long> answered =
                    collect(
                            Pelton.score(rows)
                                    .endpoints(wide.endpoint())
                                    .model("m")
                                    .features(
                                            model ->
                                                    new BoundFeatures<>(
                                                            RowSchema.matrix(
                                                                    "input",
                                                                    DataType.FP64,
                                                                    features),
                                                            (row, cells) ->
                                                                    cells.setDoubles(
                                                                            new double[features])))
                                    .outputs("predict")
                                    .map((row, answer) -> row));
            assertThat(answered).containsExactlyInAnyOrderElementsOf(range(100));
        }
    }

    /** What a job in this JVM lets go. */
    private static FakeModelServer held;

    @Test
    void everyResultNamesItsModelAndVersion() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        List<Scored<Long>> scored =
                collect(
                        scoring(env.fromSequence(3, 3))
                                .outputs("predict", "predict_proba")
                                .apply());

        assertThat(scored).hasSize(1);
        Scored<Long> row = scored.get(0);
        assertThat(row.modelName()).isEqualTo("m");
        assertThat(row.modelVersion()).isEqualTo("7");
        assertThat(row.outputNames()).containsExactly("predict", "predict_proba");
        assertThat(row.label()).isEqualTo(3.5);
        assertThat(row.score()).isEqualTo(0.5);
        assertThat(row.doubles("predict_proba")).containsExactly(0.5, 0.5);
    }

    @Test
    void rowsGatherIntoBatchesUnderLoad() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        List<Scored<Long>> scored =
                collect(scoring(env.fromSequence(0, 19_999)).maxBatchRows(128).apply());

        assertThat(scored)
                .extracting(Scored::input)
                .containsExactlyInAnyOrderElementsOf(range(20_000));
        assertThat(server.batchRows).allMatch(rows -> rows <= 128);
        assertThat(server.batchRows.size()).isLessThan(5_000);
        assertThat(server.batchRows.stream().mapToInt(rows -> rows).max().getAsInt())
                .isGreaterThan(32);
    }

    @Test
    void unorderedResultsNeverPassAWatermark() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        DataStream<Long> timed =
                env.fromSequence(0, 2_999)
                        .assignTimestampsAndWatermarks(
                                WatermarkStrategy.<Long>forMonotonousTimestamps()
                                        .withTimestampAssigner((row, at) -> row));
        DataStream<Scored<Long>> scored = scoring(timed).unordered().apply();
        // a result that passed its watermark would be late for its window, and missing from the
        // count
        DataStream<Long> counts =
                scored.windowAll(TumblingEventTimeWindows.of(java.time.Duration.ofMillis(10)))
                        .process(new CountRows());
        List<Long> counted = collect(counts);

        assertThat(counted).hasSize(300).allMatch(count -> count == 10);
    }

    @Test
    void mapMakesAResultOfOnesOwn() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        List<String> inferred =
                collect(
                        scoring(env.fromSequence(1, 2))
                                .ordered()
                                .map((row, answer) -> row + "=" + answer.getDouble("predict")));
        List<String> said =
                collect(
                        scoring(env.fromSequence(1, 2))
                                .ordered()
                                .map((row, answer) -> row == 1 ? null : "two", Types.STRING));

        assertThat(inferred).containsExactly("1=1.5", "2=2.5");
        assertThat(said).containsExactly("two");
    }

    @Test
    void arraysFillTheMatrix() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        DataStream<double[]> doubles =
                env.fromData(new double[] {1, 2}, new double[] {Double.NaN, 2});
        List<Double> sums =
                collect(
                        Pelton.score(doubles)
                                .endpoints(server.endpoint())
                                .model("m")
                                .features(FeatureMapping.doubles())
                                .outputs("predict")
                                .ordered()
                                .map((row, answer) -> answer.getDouble("predict")));

        assertThat(sums).containsExactly(3.0, Double.NaN);
    }

    static List<Long> range(int count) {
        return LongStream.range(0, count).boxed().collect(Collectors.toList());
    }

    static <T> List<T> collect(DataStream<T> stream) throws Exception {
        List<T> all = new ArrayList<>();
        try (CloseableIterator<T> rows = stream.executeAndCollect()) {
            rows.forEachRemaining(all::add);
        }
        return all;
    }
}
