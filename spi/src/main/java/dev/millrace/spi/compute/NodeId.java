package dev.millrace.spi.compute;

/** What the cloud calls a node. */
public record NodeId(String value) {
  public NodeId {
    if (value.isBlank()) {
      throw new IllegalArgumentException("a node id is not blank");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
