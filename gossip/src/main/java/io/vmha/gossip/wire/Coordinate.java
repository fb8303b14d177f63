package io.vmha.gossip.wire;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A place in Serf's network coordinates: the distance of two places estimates the round trip between two members. Travels in the
 * payload of every ack. All in seconds.
 *
 * @param vector eight dimensions of a Euclidean space
 * @param error how much its owner trusts it, 1.5 is not at all
 * @param adjustment what the owner's recent measurements were off by
 * @param height the part of every way that does not depend on where it leads
 */
public record Coordinate(List<Double> vector, double error, double adjustment, double height) {
    public static final int DIMENSIONS = 8;
    public static final double ERROR_MAX = 1.5;
    public static final double HEIGHT_MIN = 1.0e-5;

    /** Where everybody starts. */
    public static final Coordinate ORIGIN =
            new Coordinate(Collections.nCopies(DIMENSIONS, 0.0), ERROR_MAX, 0, HEIGHT_MIN);

    private static final int PAYLOAD_VERSION = 1;
    private static final List<String> FIELDS = List.of("Vec", "Error", "Adjustment", "Height");

    public Coordinate {
        vector = List.copyOf(vector);
    }

    /** Tells whether one can calculate with it: eight dimensions, and every number finite. */
    public boolean isUsable() {
        boolean finite = Double.isFinite(error) && Double.isFinite(adjustment) && Double.isFinite(height);
        for (double component : vector) {
            finite &= Double.isFinite(component);
        }
        return finite && vector.size() == DIMENSIONS;
    }

    /** As the payload of an ack. */
    public Bytes encode() {
        MsgpackWriter output = new MsgpackWriter().octet(PAYLOAD_VERSION).mapHeader(4);
        output.text("Adjustment").real(adjustment);
        output.text("Error").real(error);
        output.text("Height").real(height);
        output.text("Vec").listHeader(vector.size());
        vector.forEach(output::real);
        return output.toBytes();
    }

    /**
     * Reads the payload of an ack.
     *
     * @throws WireFormatException if it is something else, or no place one can calculate with
     */
    public static Coordinate decode(Bytes payload) {
        if (payload.isEmpty() || payload.at(0) != PAYLOAD_VERSION) {
            throw new WireFormatException("the payload of an ack must be a coordinate, version " + PAYLOAD_VERSION);
        }
        Fields fields =
                new MsgpackReader(payload.shared(), 1, payload.length()).value().struct("coordinate", FIELDS);
        List<Value> components = fields.value("Vec").list("coordinate.Vec");
        if (components.size() != DIMENSIONS) {
            throw new WireFormatException(
                    "a coordinate must have " + DIMENSIONS + " dimensions but has " + components.size());
        }
        List<Double> vector = new ArrayList<>(DIMENSIONS);
        components.forEach(component -> vector.add(component.number("coordinate.Vec")));
        Coordinate coordinate = new Coordinate(
                vector,
                fields.value("Error").number("coordinate.Error"),
                fields.value("Adjustment").number("coordinate.Adjustment"),
                fields.value("Height").number("coordinate.Height"));
        if (!coordinate.isUsable()) {
            throw new WireFormatException("a coordinate must consist of finite numbers but is " + coordinate);
        }
        return coordinate;
    }

    /** The estimated round trip between two places. */
    public double distanceTo(Coordinate other) {
        double plain = plainDistanceTo(other);
        double adjusted = plain + adjustment + other.adjustment;
        return adjusted > 0 ? adjusted : plain;
    }

    /** The same without the adjustments. */
    public double plainDistanceTo(Coordinate other) {
        double sum = 0;
        for (int i = 0; i < vector.size(); i++) {
            double difference = vector.get(i) - other.vector.get(i);
            sum += difference * difference;
        }
        return Math.sqrt(sum) + height + other.height;
    }
}
