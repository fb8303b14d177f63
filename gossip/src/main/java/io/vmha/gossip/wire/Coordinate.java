package io.vmha.gossip.wire;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A place in Serf's network coordinates: the distance of two places estimates the round trip between two members. Travels in the
 * payload of every ack. All in seconds.
 */
public final class Coordinate {
    public static final int DIMENSIONS = 8;
    public static final double ERROR_MAX = 1.5;
    public static final double HEIGHT_MIN = 1.0e-5;

    /** Where everybody starts. */
    public static final Coordinate ORIGIN =
            new Coordinate(Collections.nCopies(DIMENSIONS, 0.0), ERROR_MAX, 0, HEIGHT_MIN);

    private static final int PAYLOAD_VERSION = 1;
    private static final List<String> FIELDS = List.of("Vec", "Error", "Adjustment", "Height");

    private final double[] vector;
    private final double error;
    private final double adjustment;
    private final double height;

    /**
     * A place.
     *
     * @param vector eight dimensions of a Euclidean space
     * @param error how much its owner trusts it, 1.5 is not at all
     * @param adjustment what the owner's recent measurements were off by
     * @param height the part of every way that does not depend on where it leads
     */
    public Coordinate(List<Double> vector, double error, double adjustment, double height) {
        this(vector.stream().mapToDouble(Double::doubleValue).toArray(), error, adjustment, height);
    }

    private Coordinate(double[] owned, double error, double adjustment, double height) {
        this.vector = owned;
        this.error = error;
        this.adjustment = adjustment;
        this.height = height;
    }

    /** How many dimensions it has; one that came from the wire has {@link #DIMENSIONS}. */
    public int dimensions() {
        return vector.length;
    }

    public double component(int dimension) {
        return vector[dimension];
    }

    public double error() {
        return error;
    }

    public double adjustment() {
        return adjustment;
    }

    public double height() {
        return height;
    }

    public Coordinate withError(double newError) {
        return new Coordinate(vector, newError, adjustment, height);
    }

    public Coordinate withAdjustment(double newAdjustment) {
        return new Coordinate(vector, error, newAdjustment, height);
    }

    /** Another place that is as certain. */
    public Coordinate movedTo(double[] newVector, double newHeight) {
        return new Coordinate(newVector.clone(), error, adjustment, newHeight);
    }

    /** Tells whether one can calculate with it: eight dimensions, and every number finite. */
    public boolean isUsable() {
        boolean finite = Double.isFinite(error) && Double.isFinite(adjustment) && Double.isFinite(height);
        for (double component : vector) {
            finite &= Double.isFinite(component);
        }
        return finite && vector.length == DIMENSIONS;
    }

    /** As the payload of an ack. */
    public Bytes encode() {
        MsgpackWriter output = new MsgpackWriter().octet(PAYLOAD_VERSION).mapHeader(4);
        output.text("Adjustment").real(adjustment);
        output.text("Error").real(error);
        output.text("Height").real(height);
        output.text("Vec").listHeader(vector.length);
        for (double component : vector) {
            output.real(component);
        }
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
        Coordinate coordinate = plain(payload);
        if (!coordinate.isUsable()) {
            coordinate = lenient(payload);
        }
        if (!coordinate.isUsable()) {
            throw new WireFormatException("a coordinate must consist of finite numbers but is " + coordinate);
        }
        return coordinate;
    }

    /** What is written as everybody writes it; of anything else, a place that is not usable. */
    private static Coordinate plain(Bytes payload) {
        var reader = new PlainReader(payload.shared(), 1, payload.length());
        reader.mapOf(4);
        double adjustment = reader.key("Adjustment").real();
        double error = reader.key("Error").real();
        double height = reader.key("Height").real();
        reader.key("Vec").listOf(DIMENSIONS);
        double[] vector = new double[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = reader.real();
        }
        return new Coordinate(vector, reader.isPlain() ? error : Double.NaN, adjustment, height);
    }

    /** However it is written. */
    static Coordinate lenient(Bytes payload) {
        Fields fields =
                new MsgpackReader(payload.shared(), 1, payload.length()).value().struct("coordinate", FIELDS);
        List<Value> components = fields.value("Vec").list("coordinate.Vec");
        if (components.size() != DIMENSIONS) {
            throw new WireFormatException(
                    "a coordinate must have " + DIMENSIONS + " dimensions but has " + components.size());
        }
        double[] vector = new double[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = components.get(i).number("coordinate.Vec");
        }
        return new Coordinate(
                vector,
                fields.value("Error").number("coordinate.Error"),
                fields.value("Adjustment").number("coordinate.Adjustment"),
                fields.value("Height").number("coordinate.Height"));
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
        for (int i = 0; i < vector.length; i++) {
            double difference = vector[i] - other.vector[i];
            sum += difference * difference;
        }
        return Math.sqrt(sum) + height + other.height;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Coordinate that
                && Arrays.equals(vector, that.vector)
                && Double.compare(error, that.error) == 0
                && Double.compare(adjustment, that.adjustment) == 0
                && Double.compare(height, that.height) == 0;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(vector) + 31 * Double.hashCode(error) + Double.hashCode(height);
    }

    @Override
    public String toString() {
        return "Coordinate[vector=" + Arrays.toString(vector) + ", error=" + error + ", adjustment=" + adjustment
                + ", height=" + height + "]";
    }
}
