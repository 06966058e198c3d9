package io.pelton.examples.flights;

/**
 * A flight that has just left the gate, as prepare.py writes it: the model's features under their
 * own names, the key, and the event time. A POJO for Flink; a missing number is NaN.
 */
public class Flight {
    /** The first line of the file; another one means that the file is not what this class reads. */
    static final String HEADER =
            "id,departed_ms,carrier,origin,dest,dow,sched_dep_minute,sched_arr_minute,distance,dep_delay,"
                    + "temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib";

    private static final int FIELDS = HEADER.split(",").length;

    public long id;

    /** The event time: when it left, in milliseconds since 1970, UTC. */
    public long departedMs;

    public String carrier;
    public String origin;
    public String dest;
    public long dow;
    public long schedDepMinute;
    public long schedArrMinute;
    public long distance;
    public double depDelay;
    public double temp;
    public double dewp;
    public double humid;
    public double windDir;
    public double windSpeed;
    public double windGust;
    public double precip;
    public double pressure;
    public double visib;

    /** When it entered the scoring step, by this JVM's {@link System#nanoTime()}; no feature. */
    public long enteredNanos;

    /**
     * A line of the file.
     *
     * @throws IllegalArgumentException naming the line, if it is not one
     */
    public static Flight parse(String line) {
        String[] fields = line.split(",", -1);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException(
                    "a flight has " + FIELDS + " fields, not " + fields.length + ": " + line);
        }
        try {
            Flight flight = new Flight();
            int at = 0;
            flight.id = Long.parseLong(fields[at++]);
            flight.departedMs = Long.parseLong(fields[at++]);
            flight.carrier = fields[at++];
            flight.origin = fields[at++];
            flight.dest = fields[at++];
            flight.dow = Long.parseLong(fields[at++]);
            flight.schedDepMinute = Long.parseLong(fields[at++]);
            flight.schedArrMinute = Long.parseLong(fields[at++]);
            flight.distance = Long.parseLong(fields[at++]);
            flight.depDelay = number(fields[at++]);
            flight.temp = number(fields[at++]);
            flight.dewp = number(fields[at++]);
            flight.humid = number(fields[at++]);
            flight.windDir = number(fields[at++]);
            flight.windSpeed = number(fields[at++]);
            flight.windGust = number(fields[at++]);
            flight.precip = number(fields[at++]);
            flight.pressure = number(fields[at++]);
            flight.visib = number(fields[at]);
            return flight;
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("not a flight: " + line, notANumber);
        }
    }

    private static double number(String field) {
        return field.isEmpty() ? Double.NaN : Double.parseDouble(field);
    }

    @Override
    public String toString() {
        return "flight " + id + " (" + carrier + " " + origin + "-" + dest + ")";
    }
}
