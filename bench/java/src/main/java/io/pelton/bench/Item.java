package io.pelton.bench;

/** A row of the stream: which case it is, when it entered, its features. */
public final class Item {
    /** The case's number. */
    public int row;

    /** {@link System#nanoTime()} when the source handed it over. */
    public long enteredNanos;

    /** The model's features. */
    public double[] features;

    /** For Flink. */
    public Item() {}

    Item(int row, long enteredNanos, double[] features) {
        this.row = row;
        this.enteredNanos = enteredNanos;
        this.features = features;
    }
}
