package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job that comes and goes leaves no thread behind, whichever way it ends. */
class RedeployTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    @Test
    void jobsThatEndLeaveNoThreads() throws Exception {
        try (FakeModelServer server = FakeModelServer.matrix(1)) {
            collect(scoring(server, Cluster.environment().fromSequence(0, 99)).apply());
            Set<String> before = peltonThreads();
            for (int run = 0; run < 5; run++) {
                assertThat(
                                collect(
                                        scoring(server, Cluster.environment().fromSequence(0, 99))
                                                .apply()))
                        .hasSize(100);
            }
            assertThat(peltonThreads()).isEqualTo(before).isEmpty();
        }
    }

    @Test
    void jobsThatAreCancelledLeaveNoThreads() throws Exception {
        try (FakeModelServer server = FakeModelServer.matrix(1)) {
            for (int run = 0; run < 3; run++) {
                server.hold();
                long asked = server.rows.get();
                StreamExecutionEnvironment env = Cluster.environment();
                scoring(server, env.fromSequence(0, 9_999)).apply().sinkTo(new DiscardingSink<>());
                JobClient job = env.executeAsync();
                while (server.rows.get() == asked) {
                    Thread.onSpinWait();
                }
                job.cancel().get();
                assertThat(job.getJobExecutionResult())
                        .failsWithin(java.time.Duration.ofSeconds(60));
                server.release();
            }
            assertThat(peltonThreads()).isEmpty();
        }
    }

    private static Scoring<Long> scoring(FakeModelServer server, DataStream<Long> rows) {
        return Pelton.score(rows)
                .endpoints(server.endpoint())
                .model("m")
                .features(FeatureMapping.<Long>builder().number("value", row -> row).build());
    }

    /** The client's own threads; the server's are the test's. */
    private static Set<String> peltonThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("pelton"))
                .collect(Collectors.toSet());
    }
}
