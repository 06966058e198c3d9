package io.pelton.flink;

import io.pelton.client.BatchReport;
import io.pelton.client.BatcherListener;
import io.pelton.client.PeltonException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/**
 * The figures of the group {@code model_inference}. Written by the client's threads, so nothing
 * here may wait.
 *
 * <ul>
 *   <li>{@code inference_requests}, {@code inference_requests_success}, {@code
 *       inference_requests_failure}: requests sent, by outcome; {@code retries}: attempts after the
 *       first
 *   <li>{@code inference_rows}, {@code inference_rows_success}, {@code inference_rows_failure}:
 *       rows by outcome, and the latter by code as {@code code.<CODE>.inference_rows_failure}
 *   <li>{@code batch_rows}, {@code queue_wait_us}, {@code inference_latency_us} (a request), {@code
 *       row_latency_us} (a row, from its arrival to its outcome): histograms of the last 4096
 *       samples
 *   <li>{@code in_flight_rows}, {@code in_flight_requests}: gauges
 * </ul>
 */
final class InferenceMetrics implements BatcherListener {
    /** The metric group's name. */
    static final String GROUP = "model_inference";

    private final MetricGroup group;
    private final Counter requests;
    private final Counter requestsSuccess;
    private final Counter requestsFailure;
    private final Counter retries;
    private final Counter rows;
    private final Counter rowsSuccess;
    private final Counter rowsFailure;
    private final Map<PeltonException.Code, Counter> failuresByCode = new ConcurrentHashMap<>();
    private final RecentHistogram batchRows = new RecentHistogram();
    private final RecentHistogram queueWaitUs = new RecentHistogram();
    private final RecentHistogram requestLatencyUs = new RecentHistogram();
    private final RecentHistogram rowLatencyUs = new RecentHistogram();
    private final AtomicInteger rowsInFlight = new AtomicInteger();
    private final AtomicInteger requestsInFlight = new AtomicInteger();

    InferenceMetrics(MetricGroup parent) {
        group = parent.addGroup(GROUP);
        requests = counter("inference_requests");
        requestsSuccess = counter("inference_requests_success");
        requestsFailure = counter("inference_requests_failure");
        retries = counter("retries");
        rows = counter("inference_rows");
        rowsSuccess = counter("inference_rows_success");
        rowsFailure = counter("inference_rows_failure");
        group.histogram("batch_rows", batchRows);
        group.histogram("queue_wait_us", queueWaitUs);
        group.histogram("inference_latency_us", requestLatencyUs);
        group.histogram("row_latency_us", rowLatencyUs);
        group.gauge("in_flight_rows", rowsInFlight::get);
        group.gauge("in_flight_requests", requestsInFlight::get);
    }

    private Counter counter(String name) {
        return group.counter(name, new ThreadSafeSimpleCounter());
    }

    void rowsSubmitted(int count) {
        rows.inc(count);
        rowsInFlight.addAndGet(count);
    }

    void rowsAnswered(int count, long sinceNanos) {
        rowsInFlight.addAndGet(-count);
        rowsSuccess.inc(count);
        rowLatencyUs.update((System.nanoTime() - sinceNanos) / 1000);
    }

    void rowsFailed(int count, PeltonException.Code code, long sinceNanos) {
        rowsInFlight.addAndGet(-count);
        rowLatencyUs.update((System.nanoTime() - sinceNanos) / 1000);
        rowsFailure.inc(count);
        failuresByCode
                .computeIfAbsent(
                        code,
                        key ->
                                group.addGroup("code", key.name())
                                        .counter(
                                                "inference_rows_failure",
                                                new ThreadSafeSimpleCounter()))
                .inc(count);
    }

    @Override
    public void onBatchSent(int batch, long bytes, double waitMs) {
        requests.inc();
        requestsInFlight.incrementAndGet();
        batchRows.update(batch);
        queueWaitUs.update(Math.round(waitMs * 1000));
    }

    @Override
    public void onBatchCompleted(BatchReport report) {
        requestsInFlight.decrementAndGet();
        (report.failure().isPresent() ? requestsFailure : requestsSuccess).inc();
        retries.inc(Math.max(0, report.retries()));
        requestLatencyUs.update(Math.round(report.latencyMs() * 1000));
    }

    /** A request that did not go through the batcher has its outcome. */
    void requestAnswered(int count, Throwable thrown, long sinceNanos) {
        requestsInFlight.decrementAndGet();
        requestLatencyUs.update((System.nanoTime() - sinceNanos) / 1000);
        if (thrown == null) {
            requestsSuccess.inc();
            rowsAnswered(count, sinceNanos);
        } else {
            requestsFailure.inc();
            rowsFailed(count, PeltonException.of(thrown).code(), sinceNanos);
        }
    }
}
