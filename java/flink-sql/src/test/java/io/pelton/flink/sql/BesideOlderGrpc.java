package io.pelton.flink.sql;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.pelton.client.InferRequest;
import io.pelton.client.PeltonClient;
import io.pelton.client.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;

/**
 * A program that uses an older gRPC and protobuf itself, and Pelton's uber jar beside them: both
 * ask the server given, and both have their native transport. Prints what it found; {@link
 * BesideOlderGrpcIT} reads it.
 */
public final class BesideOlderGrpc {
    private BesideOlderGrpc() {}

    public static void main(String[] arguments) throws Exception {
        String endpoint = arguments[0];
        System.out.println(
                "own grpc "
                        + io.grpc.internal.GrpcUtil.getGrpcBuildVersion()
                                .getImplementationVersion());
        System.out.println("own protobuf is new: " + exists("com.google.protobuf.RuntimeVersion"));
        Struct struct =
                Struct.newBuilder()
                        .putFields("a", Value.newBuilder().setNumberValue(1.5).build())
                        .build();
        System.out.println("own message " + Struct.parseFrom(struct.toByteArray()).equals(struct));
        System.out.println("own call " + ownCall(endpoint));
        System.out.println("pelton call " + peltonCall(endpoint));
        System.out.println("pelton minimal " + peltonMinimal(endpoint));
        String prefix = arguments[1];
        System.out.println(
                "pelton epoll "
                        + available(prefix + ".io.grpc.netty.shaded.io.netty.channel.epoll.Epoll"));
        System.out.println(
                "pelton openssl "
                        + available(prefix + ".io.grpc.netty.shaded.io.netty.handler.ssl.OpenSsl"));
        System.out.println(
                "own epoll " + available("io.grpc.netty.shaded.io.netty.channel.epoll.Epoll"));
        System.out.println("done");
        // the older gRPC's idle threads would keep the JVM alive for a while
        System.exit(0);
    }

    /**
     * The minimal contract by the program's own gRPC, with a message written by its own protobuf.
     */
    private static String ownCall(String endpoint) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(message);
        out.writeDouble(1, 1.5);
        out.writeDouble(1, 2.0);
        out.flush();
        MethodDescriptor<byte[], byte[]> predict =
                MethodDescriptor.<byte[], byte[]>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName("prediction.PredictionService/Predict")
                        .setRequestMarshaller(new Bytes())
                        .setResponseMarshaller(new Bytes())
                        .build();
        ManagedChannel channel = NettyChannelBuilder.forTarget(endpoint).usePlaintext().build();
        try {
            byte[] answer =
                    ClientCalls.blockingUnaryCall(
                            channel, predict, CallOptions.DEFAULT, message.toByteArray());
            com.google.protobuf.CodedInputStream in =
                    com.google.protobuf.CodedInputStream.newInstance(answer);
            in.readTag();
            return String.valueOf(in.readDouble());
        } finally {
            channel.shutdownNow();
        }
    }

    private static String peltonCall(String endpoint) {
        try (PeltonClient client = PeltonClient.builder().endpoints(endpoint).build()) {
            InferRequest request =
                    InferRequest.builder("m")
                            .input(Tensor.ofDoubles("input", new long[] {1, 2}, 1.5, 2))
                            .build();
            return String.valueOf(
                    client.infer(request).join().output("predict").get().getDouble(0));
        }
    }

    private static String peltonMinimal(String endpoint) {
        try (PeltonClient client = PeltonClient.builder().endpoints(endpoint).build()) {
            return String.valueOf(client.predict(1.5, 2).join());
        }
    }

    private static String available(String type) throws ReflectiveOperationException {
        Class<?> loaded = Class.forName(type);
        Method cause = loaded.getMethod("unavailabilityCause");
        return loaded.getMethod("isAvailable").invoke(null) + " " + cause.invoke(null);
    }

    private static boolean exists(String type) {
        try {
            Class.forName(type);
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    /** Messages as the bytes they are. */
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }
}
