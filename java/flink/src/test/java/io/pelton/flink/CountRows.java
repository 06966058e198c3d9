package io.pelton.flink;

import org.apache.flink.streaming.api.functions.windowing.ProcessAllWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Counts the rows of each window. */
final class CountRows extends ProcessAllWindowFunction<Scored<Long>, Long, TimeWindow> {
    private static final long serialVersionUID = 1L;

    @Override
    public void process(Context context, Iterable<Scored<Long>> rows, Collector<Long> out) {
        long count = 0;
        for (Scored<Long> ignored : rows) {
            count++;
        }
        out.collect(count);
    }
}
