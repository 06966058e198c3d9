package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static io.pelton.flink.ScoringTest.range;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs and servers that die in the middle of the stream: every row comes out exactly once. */
class RecoveryTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private static final int CAPACITY = 100;

    private FakeModelServer server;

    @BeforeEach
    void start() {
        server = FakeModelServer.matrix(1);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFullQueueSurvivesTheDeathOfTheJob(boolean ordered) throws Exception {
        String run = "full-queue-" + ordered;
        StreamExecutionEnvironment env = checkpointing();
        DataStream<Long> rows = env.addSource(new StagedSource(run, CAPACITY, 5_000), Types.LONG);
        Scoring<Long> scoring = scoring(rows).capacity(CAPACITY).uid("score");
        server.hold();
        CompletableFuture<Void> release =
                CompletableFuture.runAsync(
                        () -> {
                            await(StagedSource.progress(run));
                            server.release();
                        });

        // the sink of executeAndCollect is exactly-once where checkpoints are on
        List<Scored<Long>> scored =
                collect((ordered ? scoring.ordered() : scoring.unordered()).apply());

        release.join();
        assertThat(scored)
                .extracting(Scored::input)
                .containsExactlyInAnyOrderElementsOf(range(5_000));
        assertThat(scored).allMatch(row -> row.number("predict") == row.input());
        // the calls are at least once: what was in flight was asked again
        assertThat(server.rows.get()).isGreaterThan(5_000);
        if (ordered) {
            assertThat(scored).extracting(Scored::input).isSorted();
        }
    }

    @Test
    void aServerThatGoesAwayAndComesBackCostsNothing() throws Exception {
        StreamExecutionEnvironment env = checkpointing();
        DataStream<Long> rows =
                env.fromSequence(0, 19_999).map(new Restarting(server)).returns(Types.LONG);
        List<Scored<Long>> scored = collect(scoring(rows).capacity(CAPACITY).apply());

        assertThat(scored)
                .extracting(Scored::input)
                .containsExactlyInAnyOrderElementsOf(range(20_000));
        assertThat(Restarting.restarts).isEqualTo(3);
    }

    /**
     * Stops the server at rows 5000, 10000 and 15000, with every call in flight, and starts it
     * again.
     */
    private static final class Restarting implements MapFunction<Long, Long> {
        private static final long serialVersionUID = 1L;
        private static FakeModelServer server;
        private static int restarts;

        Restarting(FakeModelServer target) {
            server = target;
            restarts = 0;
        }

        @Override
        public Long map(Long row) {
            if (row > 0 && row % 5_000 == 0) {
                server.stop();
                server.start();
                restarts++;
            }
            return row;
        }
    }

    private Scoring<Long> scoring(DataStream<Long> rows) {
        return Pelton.score(rows)
                .endpoints(server.endpoint())
                .model("m")
                .features(FeatureMapping.<Long>builder().number("value", row -> row).build())
                .outputs("predict");
    }

    private static StreamExecutionEnvironment checkpointing() {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "3");
        configuration.setString("restart-strategy.fixed-delay.delay", "1 ms");
        configuration.setString("pipeline.generic-types", "false");
        StreamExecutionEnvironment env = Cluster.environment(configuration);
        env.enableCheckpointing(50);
        return env;
    }

    private static void await(StagedSource.Progress progress) {
        try {
            assertThat(progress.restored.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
