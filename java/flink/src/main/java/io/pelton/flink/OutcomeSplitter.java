package io.pelton.flink;

import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Sends failures to a side stream and results on. Flink's asynchronous functions have no side
 * outputs of their own, so this follows them in the same chain.
 *
 * @param <IN> the type of the input
 * @param <OUT> the type of a result
 */
final class OutcomeSplitter<IN, OUT> extends ProcessFunction<Either<Failure<IN>, OUT>, OUT> {
    private static final long serialVersionUID = 1L;

    private final OutputTag<Failure<IN>> tag;

    OutcomeSplitter(OutputTag<Failure<IN>> tag) {
        this.tag = tag;
    }

    @Override
    public void processElement(
            Either<Failure<IN>, OUT> outcome, Context context, Collector<OUT> out) {
        if (outcome.isLeft()) {
            context.output(tag, outcome.left());
        } else {
            out.collect(outcome.right());
        }
    }
}
