// What a server says of a model; asking for it is PeltonClient's.
package io.pelton.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Name, versions, inputs and outputs of a model, as its server describes them. */
public final class ModelMetadata {
    private final String name;
    private final List<String> versions;
    private final String platform;
    private final List<TensorSpec> inputs;
    private final List<TensorSpec> outputs;
    private final Map<String, String> properties;

    /**
     * A description of a model.
     *
     * @param name the model's name
     * @param versions the versions the server serves
     * @param platform what runs it, such as {@code sklearn}
     * @param inputs its inputs
     * @param outputs its outputs
     * @param properties anything else the server tells
     */
    public ModelMetadata(
            String name,
            List<String> versions,
            String platform,
            List<TensorSpec> inputs,
            List<TensorSpec> outputs,
            Map<String, String> properties) {
        this.name = name;
        this.versions = List.copyOf(versions);
        this.platform = platform;
        this.inputs = List.copyOf(inputs);
        this.outputs = List.copyOf(outputs);
        this.properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    }

    /**
     * The model's name.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The versions the server serves.
     *
     * @return an unmodifiable list
     */
    public List<String> versions() {
        return versions;
    }

    /**
     * What runs the model, such as {@code sklearn}.
     *
     * @return the platform; empty if the server does not say
     */
    public String platform() {
        return platform;
    }

    /**
     * The model's inputs in its own order.
     *
     * @return an unmodifiable list
     */
    public List<TensorSpec> inputs() {
        return inputs;
    }

    /**
     * The model's outputs in its own order.
     *
     * @return an unmodifiable list
     */
    public List<TensorSpec> outputs() {
        return outputs;
    }

    /**
     * Anything else the server tells of the model.
     *
     * @return an unmodifiable map
     */
    public Map<String, String> properties() {
        return properties;
    }

    /**
     * The input of that name.
     *
     * @param input a name
     * @return empty if there is none
     */
    public Optional<TensorSpec> input(String input) {
        return inputs.stream().filter(spec -> spec.name().equals(input)).findFirst();
    }

    /**
     * The output of that name.
     *
     * @param output a name
     * @return empty if there is none
     */
    public Optional<TensorSpec> output(String output) {
        return outputs.stream().filter(spec -> spec.name().equals(output)).findFirst();
    }

    @Override
    public String toString() {
        return name + versions + " inputs " + inputs + " outputs " + outputs;
    }
}
