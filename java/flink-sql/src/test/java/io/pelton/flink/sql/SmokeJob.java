package io.pelton.flink.sql;

import io.pelton.flink.Failure;
import io.pelton.flink.FailurePolicy;
import io.pelton.flink.FeatureMapping;
import io.pelton.flink.Pelton;
import io.pelton.flink.PeltonMapFunction;
import io.pelton.flink.Scored;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;

/**
 * A job as a user writes it, on the class path of a cluster and the uber jar alone: no table
 * classes, no gRPC. Prints what it found; {@link SmokeJobIT} reads it.
 */
public final class SmokeJob {
    private SmokeJob() {}

    /** A row. */
    public static class Point {
        public double x;
        public long y;

        public Point() {}

        Point(double x, long y) {
            this.x = x;
            this.y = y;
        }
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("flink " + EnvironmentInformation.getVersion());
        Configuration configuration = new Configuration();
        configuration.setString("pipeline.generic-types", "false");
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(2);
        env.enableCheckpointing(100);
        DataStream<Point> points =
                env.fromSequence(1, 10_000)
                        .map(i -> new Point(0.5, i))
                        .returns(Types.POJO(Point.class));
        SingleOutputStreamOperator<Scored<Point>> scored =
                Pelton.score(points)
                        .endpoints(arguments[0])
                        .model("m")
                        .features(FeatureMapping.pojo(Point.class))
                        .failures(FailurePolicy.SIDE_OUTPUT)
                        .apply();
        DataStream<String> failed =
                scored.getSideOutput(Failure.tag(points.getType())).map(Failure::toString);
        double sum = 0;
        int count = 0;
        try (CloseableIterator<String> rows =
                scored.map(row -> String.valueOf(row.number("predict")))
                        .union(failed)
                        .executeAndCollect()) {
            while (rows.hasNext()) {
                sum += Double.parseDouble(rows.next());
                count++;
            }
        }
        System.out.println("rows " + count + " sum " + sum);

        DataStream<Double> simple =
                env.fromData(new double[] {1, 2})
                        .map(PeltonMapFunction.minimal(arguments[0], (double[] row) -> row));
        try (CloseableIterator<Double> answers = simple.executeAndCollect()) {
            System.out.println("minimal " + answers.next());
        }
        System.out.println("done");
        System.exit(0);
    }
}
