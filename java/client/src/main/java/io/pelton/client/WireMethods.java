// The remote procedures this client calls, by name and message type.
package io.pelton.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import io.pelton.client.wire.inference.ModelMetadataRequest;
import io.pelton.client.wire.inference.ModelMetadataResponse;
import io.pelton.client.wire.inference.ModelReadyRequest;
import io.pelton.client.wire.inference.ModelReadyResponse;
import io.pelton.client.wire.inference.ServerReadyRequest;
import io.pelton.client.wire.inference.ServerReadyResponse;
import io.pelton.client.wire.prediction.PredictionRequest;
import io.pelton.client.wire.prediction.PredictionResponse;

final class WireMethods {
    private static final String INFERENCE = "inference.GRPCInferenceService";

    static final MethodDescriptor<ModelInferRequest, ModelInferResponse> MODEL_INFER =
            unary(
                    INFERENCE,
                    "ModelInfer",
                    ModelInferRequest.getDefaultInstance(),
                    ModelInferResponse.getDefaultInstance());
    static final MethodDescriptor<ModelMetadataRequest, ModelMetadataResponse> MODEL_METADATA =
            unary(
                    INFERENCE,
                    "ModelMetadata",
                    ModelMetadataRequest.getDefaultInstance(),
                    ModelMetadataResponse.getDefaultInstance());
    static final MethodDescriptor<ModelReadyRequest, ModelReadyResponse> MODEL_READY =
            unary(
                    INFERENCE,
                    "ModelReady",
                    ModelReadyRequest.getDefaultInstance(),
                    ModelReadyResponse.getDefaultInstance());
    static final MethodDescriptor<ServerReadyRequest, ServerReadyResponse> SERVER_READY =
            unary(
                    INFERENCE,
                    "ServerReady",
                    ServerReadyRequest.getDefaultInstance(),
                    ServerReadyResponse.getDefaultInstance());
    static final MethodDescriptor<PredictionRequest, PredictionResponse> PREDICT =
            unary(
                    "prediction.PredictionService",
                    "Predict",
                    PredictionRequest.getDefaultInstance(),
                    PredictionResponse.getDefaultInstance());

    private WireMethods() {}

    private static <Q extends Message, R extends Message> MethodDescriptor<Q, R> unary(
            String service, String method, Q request, R response) {
        return MethodDescriptor.<Q, R>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(service, method))
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(response))
                .setSafe(true)
                .build();
    }
}
