/**
 * A client of the Open Inference Protocol v2 over gRPC: whole tensors through {@link
 * io.pelton.client.PeltonClient#infer}, single rows through a {@link
 * io.pelton.client.MicroBatcher}.
 *
 * <p>No type of gRPC or Protocol Buffers appears in this package's public signatures, so both may
 * be relocated without a caller noticing.
 */
package io.pelton.client;
