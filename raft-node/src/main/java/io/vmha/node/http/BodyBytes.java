package io.vmha.node.http;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;

/** The bytes of requests' bodies, however the clients send them; those that are on their way in are bounded all together. */
final class BodyBytes {
    private static final int PIECE = 8 * 1024;

    private final int allMost;
    private final Semaphore free;

    BodyBytes(int allMost) {
        this.allMost = allMost;
        this.free = new Semaphore(allMost);
    }

    /** The length of a chunk is no number, or one that the JDK's server does not take; what follows cannot be told apart any more. */
    static final class MalformedException extends IOException {
        private static final long serialVersionUID = 1L;

        MalformedException(Exception cause) {
            super(
                    "the body cannot be read: each of its chunks must begin with its length, a hexadecimal number below"
                            + " 80000000; or send Content-Length in place of Transfer-Encoding: chunked",
                    cause);
        }
    }

    /** Too much is on its way in. */
    static final class FullException extends IOException {
        private static final long serialVersionUID = 1L;

        FullException(int most) {
            super("the bodies of all requests that are being sent have more than " + most
                    + " bytes together; try again in a moment");
        }
    }

    /** At most so many bytes; those that are more are left. */
    byte[] read(HttpExchange exchange, int most) throws IOException {
        boolean chunked = exchange.getRequestHeaders().containsKey("Transfer-Encoding");
        var body = new ByteArrayOutputStream();
        int taken = 0;
        try {
            InputStream in = exchange.getRequestBody();
            var piece = new byte[PIECE];
            while (body.size() < most) {
                int read = readPiece(in, piece, most - body.size(), chunked);
                if (read < 0) {
                    break;
                }
                if (!free.tryAcquire(read)) {
                    throw new FullException(allMost);
                }
                taken += read;
                body.write(piece, 0, read);
            }
            return body.toByteArray();
        } finally {
            free.release(taken);
        }
    }

    private static int readPiece(InputStream in, byte[] piece, int most, boolean chunked) throws IOException {
        try {
            return in.read(piece, 0, Math.min(piece.length, most));
        } catch (IndexOutOfBoundsException e) {
            // the length has become negative: sun.net.httpserver.ChunkedInputStream, numeric
            throw new MalformedException(e);
        } catch (IOException e) {
            throw chunked ? new MalformedException(e) : e;
        }
    }
}
