package io.vmha.gossip.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes hostile input of good input: bits flipped, lengths inflated, frames cut, joined and repeated; or of nothing at all. */
final class Mutator {
    /** Heads of values that claim to be huge, and other bytes that decoders trip over. */
    private static final int[] INTERESTING = {
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc9, 0xca, 0xcb, 0xcf, 0xd3, 0xd8,
        0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xf4, 0xff, 0x07, 0x09, 0x0a, 0x0c
    };

    private static final int RANDOM_BYTES_MAX = 600;

    private final SplittableRandom random;
    private final List<byte[]> good;

    Mutator(SplittableRandom random, List<byte[]> good) {
        this.random = random;
        this.good = good;
    }

    /** A frame as it was captured. */
    byte[] good() {
        return good.get(random.nextInt(good.size())).clone();
    }

    /** The next hostile frame. */
    byte[] next() {
        if (random.nextInt(12) == 0) {
            byte[] noise = new byte[random.nextInt(RANDOM_BYTES_MAX)];
            random.nextBytes(noise);
            return noise;
        }
        byte[] frame = good();
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            frame = change(frame);
        }
        return frame;
    }

    private byte[] change(byte[] frame) {
        if (frame.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = random.nextInt(frame.length);
        switch (random.nextInt(8)) {
            case 0 -> frame[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> frame[at] = (byte) random.nextInt(256);
            case 2 -> frame[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
            case 3 ->
                Arrays.fill(frame, at, Math.min(frame.length, at + 4), (byte) (random.nextBoolean() ? 0xff : 0x7f));
            case 4 -> frame = Arrays.copyOf(frame, at);
            case 5 -> frame = spliced(frame, at, good());
            case 6 -> frame = spliced(frame, at, frame);
            default -> frame = spliced(frame, at, new byte[] {(byte) INTERESTING[random.nextInt(INTERESTING.length)]});
        }
        return frame;
    }

    /** The beginning of one, and the end of another. */
    private byte[] spliced(byte[] first, int at, byte[] second) {
        int from = second.length == 1 ? 0 : random.nextInt(second.length + 1);
        byte[] joined = Arrays.copyOf(first, at + second.length - from);
        System.arraycopy(second, from, joined, at, second.length - from);
        return joined;
    }
}
