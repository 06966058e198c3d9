package io.pelton.bench;

import io.pelton.flink.PeltonFlatMapFunction;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.util.Collector;

/**
 * The way people start: one waiting {@code Predict} call a row. It is the connector's own simple
 * function, which keeps the answer only; this puts the item back beside it, so that latency can be
 * measured and the answer be checked.
 */
final class BlockingPredict extends RichFlatMapFunction<Item, Answer> {
    private static final long serialVersionUID = 1L;

    private final PeltonFlatMapFunction<Item, Double> call;
    private transient List<Double> answers;
    private transient Collector<Double> collector;

    BlockingPredict(String endpoint) {
        call = PeltonFlatMapFunction.minimal(endpoint, (Item item) -> item.features);
    }

    @Override
    public void open(OpenContext context) throws Exception {
        answers = new ArrayList<>();
        collector = new ListCollector<>(answers);
        call.setRuntimeContext(getRuntimeContext());
        call.open(context);
    }

    @Override
    public void flatMap(Item item, Collector<Answer> out) throws Exception {
        call.flatMap(item, collector);
        for (double prediction : answers) {
            out.collect(new Answer(item, prediction));
        }
        answers.clear();
    }

    @Override
    public void close() {
        call.close();
    }
}
