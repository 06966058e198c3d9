"""The setup people start with: a Python gRPC server that unpickles a model and answers row by row.

Usage: baseline_server.py MODEL.pkl [--port 0] [--threads 10]

Serves prediction.PredictionService/Predict of proto/prediction.proto on 127.0.0.1 and prints "listening ADDRESS". Kept
as its authors write it: the stubs of grpcio-tools, a thread pool, one predict a request. It is the baseline Pelton is held
against, so it must not be tuned for or against. The stubs' folder must be on PYTHONPATH (bench/run_server.py sees to it).
"""

from __future__ import annotations

import argparse
import pickle
from concurrent import futures

import grpc
import prediction_pb2
import prediction_pb2_grpc


class PredictionService(prediction_pb2_grpc.PredictionServiceServicer):
    """Answers each request with the model's prediction for its one row."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            self.model = pickle.load(file)

    def Predict(self, request, context):  # noqa: N802 - the name is the contract's
        """Predict one row."""
        prediction = self.model.predict([list(request.features)])
        return prediction_pb2.PredictionResponse(prediction=float(prediction[0]))


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--threads", type=int, default=10)
    arguments = parser.parse_args()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=arguments.threads))
    prediction_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(arguments.model), server)
    port = server.add_insecure_port(f"127.0.0.1:{arguments.port}")
    server.start()
    print(f"listening 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
