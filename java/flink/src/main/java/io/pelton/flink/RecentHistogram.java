package io.pelton.flink;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;

/**
 * A Flink histogram over the most recent samples, written by many threads without a lock.
 *
 * <p>Predictions arrive on the client's threads, not the task's, so Flink's own single-threaded
 * histograms do not serve. It must not allocate or wait on {@link #update(long)}.
 */
final class RecentHistogram implements Histogram {
    private static final int WINDOW = 4096;

    private final AtomicLongArray samples = new AtomicLongArray(WINDOW);
    private final AtomicLong count = new AtomicLong();

    @Override
    public void update(long value) {
        samples.set((int) (count.getAndIncrement() & (WINDOW - 1)), value);
    }

    @Override
    public long getCount() {
        return count.get();
    }

    @Override
    public HistogramStatistics getStatistics() {
        long[] values = new long[(int) Math.min(count.get(), WINDOW)];
        for (int i = 0; i < values.length; i++) {
            values[i] = samples.get(i);
        }
        Arrays.sort(values);
        return new Snapshot(values);
    }

    /** Statistics of a sorted copy of the samples. */
    private static final class Snapshot extends HistogramStatistics {
        private final long[] sorted;

        Snapshot(long[] sorted) {
            this.sorted = sorted;
        }

        @Override
        public double getQuantile(double quantile) {
            if (sorted.length == 0) {
                return 0;
            }
            int rank = (int) Math.ceil(quantile * sorted.length) - 1;
            return sorted[Math.max(0, Math.min(sorted.length - 1, rank))];
        }

        @Override
        public long[] getValues() {
            return sorted.clone();
        }

        @Override
        public int size() {
            return sorted.length;
        }

        @Override
        public double getMean() {
            return Arrays.stream(sorted).average().orElse(0);
        }

        @Override
        public double getStdDev() {
            double mean = getMean();
            return Math.sqrt(
                    Arrays.stream(sorted)
                            .mapToDouble(v -> (v - mean) * (v - mean))
                            .average()
                            .orElse(0));
        }

        @Override
        public long getMax() {
            return sorted.length == 0 ? 0 : sorted[sorted.length - 1];
        }

        @Override
        public long getMin() {
            return sorted.length == 0 ? 0 : sorted[0];
        }
    }
}
