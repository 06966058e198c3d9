"""Reads a model's properties, which Pelton's metadata has and many clients' messages leave out, by server reflection."""

from __future__ import annotations

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def properties(address: str, model: str) -> dict[str, str]:
    """The properties of the model, such as `executor`."""
    with grpc.insecure_channel(address) as channel:
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        request, response = (
            message_factory.GetMessageClass(pool.FindMessageTypeByName(f"inference.ModelMetadata{kind}"))
            for kind in ("Request", "Response")
        )
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelMetadata", request.SerializeToString, response.FromString
        )
        return dict(call(request(name=model), timeout=10).properties)
