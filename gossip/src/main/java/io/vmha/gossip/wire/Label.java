package io.vmha.gossip.wire;

import java.util.Arrays;

/** The label header, outside of everything: type byte, length, label. */
final class Label {
    private Label() {}

    /**
     * @return index of the first byte after the header; 0 if we have no label and the input has none
     * @throws TruncatedInputException if the header is not complete
     */
    static int skip(byte[] input, int length, byte[] wanted) {
        if (length == 0) {
            throw new TruncatedInputException("empty input");
        }
        boolean present = (input[0] & 0xff) == MessageType.LABEL.code();
        if (!present && wanted.length == 0) {
            return 0;
        }
        if (!present) {
            throw new WireFormatException("input without a label, but this pool has one");
        }
        if (length < 2) {
            throw new TruncatedInputException("label header ends before its length");
        }
        int end = 2 + (input[1] & 0xff);
        if (end == 2) {
            throw new WireFormatException("label header with an empty label");
        }
        if (length < end) {
            throw new TruncatedInputException("label header ends inside the label");
        }
        if (!Arrays.equals(input, 2, end, wanted, 0, wanted.length)) {
            throw new WireFormatException("input with the label of another pool");
        }
        return end;
    }
}
