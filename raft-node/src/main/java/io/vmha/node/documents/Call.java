package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * One request of a client, however it came.
 *
 * @param method the HTTP method that says what is wanted: GET or PUT
 * @param person who asks, as a header or the body's {@code person} says
 */
public record Call(String method, Target target, Optional<String> person) {
    private static final int PERSON_LENGTH_MAX = 100;

    /** A request whose person, if there is one, stands in its body. */
    public static Call withBody(String method, Target target, ObjectNode body) {
        return new Call(
                method,
                target,
                Optional.ofNullable(body.get("person"))
                        .filter(p -> p.isTextual())
                        .map(p -> p.textValue()));
    }

    /** The person, if it is a name that can stand in a report. */
    Optional<String> namedPerson() {
        return person.map(String::strip)
                .filter(name -> !name.isEmpty()
                        && name.length() <= PERSON_LENGTH_MAX
                        && name.codePoints().noneMatch(Character::isISOControl));
    }
}
