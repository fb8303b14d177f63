package io.vmha.node.http;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;

/** The bytes of a request's body, however the client sends them. */
final class BodyBytes {
    private BodyBytes() {}

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

    /** At most so many bytes; those that are more are left. */
    static byte[] read(HttpExchange exchange, int most) throws IOException {
        boolean chunked = exchange.getRequestHeaders().containsKey("Transfer-Encoding");
        try {
            return exchange.getRequestBody().readNBytes(most);
        } catch (IndexOutOfBoundsException e) {
            // the length has become negative: sun.net.httpserver.ChunkedInputStream, numeric
            throw new MalformedException(e);
        } catch (IOException e) {
            throw chunked ? new MalformedException(e) : e;
        }
    }
}
