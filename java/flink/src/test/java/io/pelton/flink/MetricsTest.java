package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator sees of a job's inference. */
class MetricsTest {
    private static final InMemoryReporter REPORTER = InMemoryReporter.createWithRetainedMetrics();

    @RegisterExtension
    static final MiniClusterExtension CLUSTER =
            new MiniClusterExtension(
                    new MiniClusterResourceConfiguration.Builder()
                            .setNumberTaskManagers(1)
                            .setNumberSlotsPerTaskManager(2)
                            .setConfiguration(REPORTER.addToConfiguration(new Configuration()))
                            .build());

    @Test
    void rowsRequestsAndFailuresAreCounted() throws Exception {
        try (FakeModelServer server = FakeModelServer.matrix(1)) {
            collect(
                    Pelton.score(Cluster.environment().fromSequence(0, 999))
                            .endpoints(server.endpoint())
                            .model("m")
                            .features(
                                    FeatureMapping.<Long>builder()
                                            .number(
                                                    "value",
                                                    row -> row == 13 ? FakeModelServer.POISON : row)
                                            .build())
                            .failures(FailurePolicy.DROP)
                            .apply());
            Map<String, Metric> metrics = inference();

            assertThat(counter(metrics, "inference_rows")).isEqualTo(1000);
            assertThat(counter(metrics, "inference_rows_success")).isEqualTo(999);
            assertThat(counter(metrics, "inference_rows_failure")).isEqualTo(1);
            assertThat(counter(metrics, "code.INVALID_ARGUMENT.inference_rows_failure"))
                    .isEqualTo(1);
            assertThat(counter(metrics, "inference_requests"))
                    .isEqualTo(
                            counter(metrics, "inference_requests_success")
                                    + counter(metrics, "inference_requests_failure"))
                    .isPositive();
            assertThat(counter(metrics, "retries")).isZero();
            Histogram batches = (Histogram) metrics.get("batch_rows");
            assertThat(batches.getCount()).isEqualTo(counter(metrics, "inference_requests"));
            assertThat(((Histogram) metrics.get("row_latency_us")).getCount()).isEqualTo(1000);
            assertThat(((Histogram) metrics.get("inference_latency_us")).getStatistics().getMax())
                    .isPositive();
            assertThat(metrics).containsKey("queue_wait_us");
            assertThat(((Gauge<?>) metrics.get("in_flight_rows")).getValue()).isEqualTo(0);
            assertThat(((Gauge<?>) metrics.get("in_flight_requests")).getValue()).isEqualTo(0);
        }
    }

    @Test
    void histogramsKnowTheirRecentSamples() {
        RecentHistogram histogram = new RecentHistogram();
        assertThat(histogram.getStatistics().getQuantile(0.99)).isZero();
        for (int i = 1; i <= 10_000; i++) {
            histogram.update(i);
        }
        assertThat(histogram.getCount()).isEqualTo(10_000);
        assertThat(histogram.getStatistics().size()).isEqualTo(4096);
        assertThat(histogram.getStatistics().getMax()).isEqualTo(10_000);
        assertThat(histogram.getStatistics().getMin()).isEqualTo(10_000 - 4095);
        assertThat(histogram.getStatistics().getQuantile(1)).isEqualTo(10_000);
        assertThat(histogram.getStatistics().getQuantile(0.5)).isEqualTo(10_000 - 2048);
    }

    /** The metrics of the group, by the part of their name after it. */
    private static Map<String, Metric> inference() {
        Map<String, Metric> found = new HashMap<>();
        REPORTER.getMetricsByGroup()
                .forEach(
                        (group, metrics) -> {
                            List<String> scope = List.of(group.getScopeComponents());
                            int at = scope.indexOf(InferenceMetrics.GROUP);
                            if (at >= 0) {
                                List<String> below = scope.subList(at + 1, scope.size());
                                metrics.forEach(
                                        (name, metric) -> found.put(join(below, name), metric));
                            }
                        });
        return found;
    }

    private static String join(List<String> groups, String name) {
        return groups.isEmpty() ? name : String.join(".", groups) + "." + name;
    }

    private static long counter(Map<String, Metric> metrics, String name) {
        assertThat(metrics).containsKey(name);
        return ((Counter) metrics.get(name)).getCount();
    }
}
