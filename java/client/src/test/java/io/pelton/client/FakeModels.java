// Models for the fake server: small functions whose answers a test can foretell.
package io.pelton.client;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

final class FakeModels {
    /** A row whose first cell is this makes {@link #sum()} refuse its whole batch. */
    static final double POISON = -666.0;

    private FakeModels() {}

    /** From a matrix of FP64: output {@code sum} [rows] and {@code echo} [rows, features]. */
    static FakeServer.Model sum() {
        return (request, answer) -> FakeServer.reply(answer, sum(request));
    }

    static ModelInferResponse sum(ModelInferRequest request) {
        int rows = (int) request.getInputs(0).getShape(0);
        int features = (int) request.getInputs(0).getShape(1);
        ByteBuffer in = input(request, 0);
        ByteBuffer sums = ByteBuffer.allocate(rows * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            if (in.getDouble(row * features * 8) == POISON) {
                throw Status.INVALID_ARGUMENT
                        .withDescription("ValueError: poison")
                        .asRuntimeException();
            }
            double sum = 0;
            for (int i = 0; i < features; i++) {
                sum += in.getDouble((row * features + i) * 8);
            }
            sums.putDouble(sum);
        }
        ModelInferResponse.Builder answer = answer(request);
        output(answer, "sum", "FP64", ByteString.copyFrom(sums.flip()), rows);
        output(answer, "echo", "FP64", request.getRawInputContents(0), rows, features);
        return answer.build();
    }

    /** Every input back as an output of the same name, raw. */
    static ModelInferResponse echo(ModelInferRequest request) {
        ModelInferResponse.Builder answer = answer(request);
        for (int i = 0; i < request.getInputsCount(); i++) {
            ModelInferRequest.InferInputTensor input = request.getInputs(i);
            answer.addOutputsBuilder()
                    .setName(input.getName())
                    .setDatatype(input.getDatatype())
                    .addAllShape(input.getShapeList());
            answer.addRawOutputContents(request.getRawInputContents(i));
        }
        return answer.build();
    }

    static ModelInferResponse.Builder answer(ModelInferRequest request) {
        return ModelInferResponse.newBuilder()
                .setModelName(request.getModelName())
                .setModelVersion("7")
                .setId(request.getId());
    }

    static void output(
            ModelInferResponse.Builder answer,
            String name,
            String type,
            ByteString raw,
            long... shape) {
        ModelInferResponse.InferOutputTensor.Builder output =
                answer.addOutputsBuilder().setName(name).setDatatype(type);
        for (long size : shape) {
            output.addShape(size);
        }
        answer.addRawOutputContents(raw);
    }

    static ByteBuffer input(ModelInferRequest request, int index) {
        return request.getRawInputContents(index)
                .asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Fails the first {@code times} calls with {@code status}, then answers as {@code model}. */
    static FakeServer.Model failing(int times, Status status, FakeServer.Model model) {
        java.util.concurrent.atomic.AtomicInteger left =
                new java.util.concurrent.atomic.AtomicInteger(times);
        return (request, answer) -> {
            if (left.getAndDecrement() > 0) {
                answer.onError(status.asRuntimeException());
            } else {
                model.infer(request, answer);
            }
        };
    }

    /** Answers nothing until the test does. */
    static FakeServer.Model silent() {
        return (ModelInferRequest request, StreamObserver<ModelInferResponse> answer) -> {};
    }
}
