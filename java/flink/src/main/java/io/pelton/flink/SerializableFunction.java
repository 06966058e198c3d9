package io.pelton.flink;

import java.io.Serializable;
import java.util.function.Function;

/**
 * A function that travels with the job to the TaskManagers; a lambda that captures nothing
 * unserializable will do.
 *
 * <pre>{@code
 * FeatureMapping.<Flight>builder().number("dep_delay", f -> f.depDelay).build()
 * }</pre>
 *
 * @param <T> the argument
 * @param <R> the result
 */
@FunctionalInterface
public interface SerializableFunction<T, R> extends Function<T, R>, Serializable {}
