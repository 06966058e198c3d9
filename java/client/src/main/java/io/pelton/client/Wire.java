// Between this client's words and the protocol's messages; foreign bytes are checked here.
package io.pelton.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.InferParameter;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import io.pelton.client.wire.inference.ModelInferResponse.InferOutputTensor;
import io.pelton.client.wire.inference.ModelMetadataResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class Wire {
    private Wire() {}

    static ModelInferRequest request(InferRequest request) {
        ModelInferRequest.Builder builder =
                target(request.model(), request.version(), request.outputs()).setId(request.id());
        request.parameters().forEach((key, value) -> builder.putParameters(key, parameter(value)));
        for (Tensor tensor : request.inputs()) {
            input(builder, tensor.name(), tensor.dataType(), tensor.shape());
            builder.addRawInputContents(UnsafeByteOperations.unsafeWrap(tensor.data()));
        }
        return builder.build();
    }

    static ModelInferRequest.Builder target(String model, String version, List<String> outputs) {
        ModelInferRequest.Builder builder =
                ModelInferRequest.newBuilder().setModelName(model).setModelVersion(version);
        for (String output : outputs) {
            builder.addOutputsBuilder().setName(output);
        }
        return builder;
    }

    /** The rows' buffers are wrapped, not copied: they must not change until the call has ended. */
    static ModelInferRequest rows(ModelInferRequest target, RowBuffers rows) {
        ModelInferRequest.Builder builder = target.toBuilder();
        rows.forEachTensor(
                (name, type, shape, data, length) -> {
                    input(builder, name, type, shape);
                    builder.addRawInputContents(UnsafeByteOperations.unsafeWrap(data, 0, length));
                });
        return builder.build();
    }

    /**
     * The answer, checked: every tensor has exactly the values its shape asks for.
     *
     * @throws PeltonException INTERNAL if it does not
     */
    static InferResponse response(ModelInferResponse answer, int attempts, long latencyNanos) {
        int count = answer.getOutputsCount();
        int raw = answer.getRawOutputContentsCount();
        if (raw != 0 && raw != count) {
            throw malformed(count + " outputs but " + raw + " raw contents", attempts, null);
        }
        List<Tensor> outputs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            InferOutputTensor output = answer.getOutputs(i);
            outputs.add(tensor(output, raw == 0 ? null : answer.getRawOutputContents(i), attempts));
        }
        return new InferResponse(
                answer.getModelName(),
                answer.getModelVersion(),
                answer.getId(),
                outputs,
                parameters(answer.getParametersMap()),
                attempts,
                latencyNanos);
    }

    static ModelMetadata metadata(ModelMetadataResponse answer) {
        return new ModelMetadata(
                answer.getName(),
                answer.getVersionsList(),
                answer.getPlatform(),
                specs(answer, answer.getInputsList()),
                specs(answer, answer.getOutputsList()),
                answer.getPropertiesMap());
    }

    static PeltonException malformed(String what, int attempts, Throwable cause) {
        return PeltonException.light(
                Code.INTERNAL, "malformed answer: " + what, false, attempts, cause);
    }

    private static void input(
            ModelInferRequest.Builder builder, String name, DataType type, long[] shape) {
        ModelInferRequest.InferInputTensor.Builder input =
                builder.addInputsBuilder().setName(name).setDatatype(type.name());
        for (long size : shape) {
            input.addShape(size);
        }
    }

    private static Tensor tensor(InferOutputTensor output, ByteString raw, int attempts) {
        try {
            DataType type = DataType.of(output.getDatatype());
            long[] shape = new long[output.getShapeCount()];
            for (int i = 0; i < shape.length; i++) {
                shape[i] = output.getShape(i);
            }
            return raw == null
                    ? TypedContents.tensor(output.getName(), type, shape, output.getContents())
                    : Tensor.of(output.getName(), type, shape, raw.asReadOnlyByteBuffer());
        } catch (IllegalArgumentException e) {
            String prefix =
                    e.getMessage().startsWith("tensor '")
                            ? ""
                            : "output '" + output.getName() + "': ";
            throw malformed(prefix + e.getMessage(), attempts, e);
        }
    }

    private static List<TensorSpec> specs(
            ModelMetadataResponse answer, List<ModelMetadataResponse.TensorMetadata> tensors) {
        List<TensorSpec> specs = new ArrayList<>(tensors.size());
        for (ModelMetadataResponse.TensorMetadata tensor : tensors) {
            try {
                long[] shape = tensor.getShapeList().stream().mapToLong(Long::longValue).toArray();
                specs.add(
                        new TensorSpec(tensor.getName(), DataType.of(tensor.getDatatype()), shape));
            } catch (IllegalArgumentException e) {
                throw malformed(
                        String.format(
                                "model '%s', tensor '%s': %s",
                                answer.getName(), tensor.getName(), e.getMessage()),
                        1,
                        e);
            }
        }
        return specs;
    }

    private static InferParameter parameter(Object value) {
        InferParameter.Builder builder = InferParameter.newBuilder();
        if (value instanceof Boolean) {
            builder.setBoolParam((Boolean) value);
        } else if (value instanceof Long) {
            builder.setInt64Param((Long) value);
        } else if (value instanceof Double) {
            builder.setDoubleParam((Double) value);
        } else {
            builder.setStringParam((String) value);
        }
        return builder.build();
    }

    private static Map<String, Object> parameters(Map<String, InferParameter> parameters) {
        if (parameters.isEmpty()) {
            return Map.of();
        }
        Map<String, Object> values = new LinkedHashMap<>();
        parameters.forEach(
                (key, value) -> {
                    switch (value.getParameterChoiceCase()) {
                        case BOOL_PARAM:
                            values.put(key, value.getBoolParam());
                            break;
                        case INT64_PARAM:
                            values.put(key, value.getInt64Param());
                            break;
                        case UINT64_PARAM:
                            values.put(key, value.getUint64Param());
                            break;
                        case DOUBLE_PARAM:
                            values.put(key, value.getDoubleParam());
                            break;
                        case STRING_PARAM:
                            values.put(key, value.getStringParam());
                            break;
                        default:
                            // a parameter without a value says nothing
                    }
                });
        return values;
    }
}
