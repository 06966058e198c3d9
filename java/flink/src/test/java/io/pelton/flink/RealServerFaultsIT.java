package io.pelton.flink;

import static io.pelton.flink.RealServerIT.outcomes;
import static io.pelton.flink.ScoringTest.collect;
import static io.pelton.flink.ScoringTest.range;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Either;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A real server and its workers die in the middle of the stream, and models do their worst. */
@EnabledIfSystemProperty(
        named = "pelton.program",
        matches = ".+",
        disabledReason = "-Dpelton.program is not set: make test-java sets it")
@Timeout(300)
class RealServerFaultsIT {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private RealServer server;

    @BeforeEach
    void start() {
        server = new RealServer("deadly.py");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aServerThatIsKilledAndComesBackCostsNothing() throws Exception {
        DataStream<Long> rows =
                checkpointing()
                        .fromSequence(0, 19_999)
                        .map(new Killing(server, true))
                        .returns(Long.class);
        List<Scored<Long>> scored = collect(scoring(rows).apply());

        assertThat(Killing.kills).isEqualTo(2);
        assertEachOnce(scored, 20_000);
    }

    @Test
    void aWorkerThatIsKilledCostsNothing() throws Exception {
        DataStream<Long> rows =
                checkpointing()
                        .fromSequence(0, 19_999)
                        .map(new Killing(server, false))
                        .returns(Long.class);
        List<Scored<Long>> scored = collect(scoring(rows).apply());

        assertThat(Killing.kills).isEqualTo(2);
        assertEachOnce(scored, 20_000);
    }

    @Test
    void aRowThatHangsTheModelFollowsThePolicyInTime() throws Exception {
        DataStream<Long> rows = Cluster.environment().fromSequence(0, 9);
        Outcomes all =
                outcomesOf(
                        scoring(rows, 3)
                                .timeout(Duration.ofSeconds(2))
                                .failures(FailurePolicy.SIDE_OUTPUT));

        all.assertEachOnce(10);
        assertThat(all.failures).extracting(Failure::input).contains(7L);
        assertThat(all.failures).extracting(Failure::code).containsOnly("DEADLINE_EXCEEDED");
    }

    /** Nobody can tell which of its rows it was, and trying each would kill a worker each time. */
    @Test
    void aRowThatKillsItsWorkerCostsItsBatchAndNoOther() throws Exception {
        DataStream<Long> rows = Cluster.environment().fromSequence(0, 999);
        Outcomes all =
                outcomesOf(scoring(rows, 1).maxBatchRows(50).failures(FailurePolicy.SIDE_OUTPUT));

        all.assertEachOnce(1_000);
        assertThat(all.failures).hasSizeLessThanOrEqualTo(50);
        assertThat(all.failures).extracting(Failure::input).contains(7L);
        assertThat(all.failures)
                .allSatisfy(
                        failure -> {
                            assertThat(failure.code()).isEqualTo("UNAVAILABLE");
                            assertThat(failure.message()).contains("worker");
                        });
    }

    private static Outcomes outcomesOf(Scoring<Long> scoring) throws Exception {
        return new Outcomes(outcomes(scoring.apply()));
    }

    private static final class Outcomes {
        final List<Scored<Long>> results;
        final List<Failure<Long>> failures;

        Outcomes(List<Either<Failure<Long>, Scored<Long>>> all) {
            results =
                    all.stream()
                            .filter(Either::isRight)
                            .map(Either::right)
                            .collect(Collectors.toList());
            failures =
                    all.stream()
                            .filter(Either::isLeft)
                            .map(Either::left)
                            .collect(Collectors.toList());
        }

        void assertEachOnce(int count) {
            List<Long> inputs = results.stream().map(Scored::input).collect(Collectors.toList());
            failures.forEach(failure -> inputs.add(failure.input()));
            assertThat(inputs).containsExactlyInAnyOrderElementsOf(range(count));
        }
    }

    private static void assertEachOnce(List<Scored<Long>> scored, int count) {
        assertThat(scored)
                .extracting(Scored::input)
                .containsExactlyInAnyOrderElementsOf(range(count));
        assertThat(scored).allMatch(row -> row.number("y") == 2.0 * (row.input() + 10));
    }

    /**
     * Kills at rows 5000 and 10000, with calls in flight, and starts what does not start itself.
     */
    private static final class Killing implements MapFunction<Long, Long> {
        private static final long serialVersionUID = 1L;
        private static RealServer server;
        private static int kills;

        private final boolean wholeServer;

        Killing(RealServer target, boolean wholeServer) {
            this.wholeServer = wholeServer;
            server = target;
            kills = 0;
        }

        @Override
        public Long map(Long row) {
            if (row == 5_000 || row == 10_000) {
                if (wholeServer) {
                    server.kill();
                    server.start();
                } else {
                    assertThat(server.killWorkers()).isPositive();
                }
                kills++;
            }
            return row;
        }
    }

    private Scoring<Long> scoring(DataStream<Long> rows) {
        return Pelton.score(rows)
                .endpoints(server.endpoint())
                .model("deadly")
                .features(FeatureMapping.<Long>builder().number("x", row -> row + 10).build());
    }

    /** Row 7 is the model's {@code fault}; all others are harmless. */
    private Scoring<Long> scoring(DataStream<Long> rows, int fault) {
        return Pelton.score(rows)
                .endpoints(server.endpoint())
                .model("deadly")
                .features(
                        FeatureMapping.<Long>builder()
                                .number("x", row -> row == 7 ? fault : row + 10)
                                .build());
    }

    private static StreamExecutionEnvironment checkpointing() {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "none");
        StreamExecutionEnvironment env = Cluster.environment(configuration);
        env.enableCheckpointing(50);
        return env;
    }
}
