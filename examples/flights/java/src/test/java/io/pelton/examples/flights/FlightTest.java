package io.pelton.examples.flights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.junit.jupiter.api.Test;

class FlightTest {
    private static final String LINE =
            "309204,1378026480000,UA,EWR,IAH,6,316,480,1400,-8.0,73.94,71.6,94.1,190.0,9.20624,,0.0,,10.0";

    @Test
    void aLineIsReadAndMissingValuesStayMissing() {
        Flight flight = Flight.parse(LINE);

        assertThat(flight.id).isEqualTo(309204);
        assertThat(flight.departedMs).isEqualTo(1378026480000L);
        assertThat(flight.dest).isEqualTo("IAH");
        assertThat(flight.schedArrMinute).isEqualTo(480);
        assertThat(flight.windSpeed).isEqualTo(9.20624);
        assertThat(flight.windGust).isNaN();
        assertThat(flight.pressure).isNaN();
        assertThat(flight.visib).isEqualTo(10.0);
    }

    @Test
    void whatIsNoFlightIsRefusedByName() {
        assertThatThrownBy(() -> Flight.parse("1,2,3")).hasMessageContaining("19 fields, not 3");
        assertThatThrownBy(() -> Flight.parse(LINE.replace("1400", "far")))
                .hasMessageContaining("far");
    }

    @Test
    void flinkKnowsItAsAPojo() {
        assertThat(TypeInformation.of(Flight.class)).isInstanceOf(PojoTypeInfo.class);
    }

    @Test
    void latencyBucketsAreNarrowAndNeverAboveTheValue() {
        for (long micros : new long[] {0, 1, 255, 256, 257, 12_345, 999_999, 5_000_000_000L}) {
            int bucket = Measured.bucket(micros);
            long value = Math.min(micros, Integer.MAX_VALUE);
            assertThat((long) bucket).isBetween(value - value / 128, value);
        }
    }
}
