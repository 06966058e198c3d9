// How a caller hands over one row.
package io.pelton.client;

/**
 * One row, written on demand: {@code writer -> { writer.setDouble(0, 3.5); writer.setString(1,
 * "JFK"); }}. It is called once, on the submitting thread, before {@code submit} returns.
 */
@FunctionalInterface
public interface Row {
    /**
     * Writes every cell of the row once, missing ones with {@link RowWriter#setMissing}.
     *
     * @param writer where the cells go; valid only during this call
     * @throws Exception if the row cannot be written; then this row alone fails
     */
    void writeTo(RowWriter writer) throws Exception;
}
