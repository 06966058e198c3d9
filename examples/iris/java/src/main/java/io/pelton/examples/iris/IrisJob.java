package io.pelton.examples.iris;

import io.pelton.flink.PeltonFlatMapFunction;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The classic: a stream of iris measurements, one call a flower, the class printed.
 *
 * <p>Usage: {@code java -jar iris-job.jar ENDPOINT}, where ENDPOINT is {@code host:port} of {@code
 * pelton serve iris.pkl}. The call is {@code prediction.PredictionService/Predict}, numbers in, a
 * number out, and it waits for the answer: right for a first try, slow for a real stream, which
 * {@code Pelton.score(...)} is for.
 */
public final class IrisJob {
    private IrisJob() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: java -jar iris-job.jar ENDPOINT");
            System.exit(2);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
        env.fromData(
                        PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO,
                        new double[] {5.1, 3.5, 1.4, 0.2},
                        new double[] {6.2, 2.9, 4.3, 1.3},
                        new double[] {7.7, 3.0, 6.1, 2.3})
                .flatMap(PeltonFlatMapFunction.minimal(arguments[0], (double[] flower) -> flower))
                .print();
        env.execute("iris");
    }
}
