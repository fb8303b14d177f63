/** What the surfaces see of the node: one immutable picture to read, and the requests they may post. */
package io.vmha.node.view;
