package io.pelton.bench;

/** What left the scoring operator for one {@link Item}. */
public final class Answer {
    /** The case's number. */
    public int row;

    /** As in the item. */
    public long enteredNanos;

    /** What was answered; NaN where nothing was asked. */
    public double prediction;

    /** For Flink. */
    public Answer() {}

    Answer(Item item, double prediction) {
        this.row = item.row;
        this.enteredNanos = item.enteredNanos;
        this.prediction = prediction;
    }
}
