package dev.millrace.store.filesystem;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** One folder that keeps artifacts. */
@ObjectClassDefinition(name = "File system store", description = "Keeps artifacts in a folder.")
public @interface FileSystemAccount {
  /** The folder, absolute; made if it is not there. With several masters, a mount they share. */
  @AttributeDefinition(name = "Folder", description = "An absolute path.")
  String folder();
}
