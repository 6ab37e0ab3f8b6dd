// Generated from packages/proto/user.proto by "npm run generate:grpc". Do not edit.
import { codecOf } from "../wire.ts";
import type { Method, Nested } from "../wire.ts";

export type CreateUserRequest = {
  readonly email: string;
  readonly name: string;
};

const createUserRequestFields: Nested<CreateUserRequest> = {
  write(writer, message) {
    writer.text(1, message.email);
    writer.text(2, message.name);
  },
  read(reader) {
    let email: string = "";
    let name: string = "";
    while (reader.next()) {
      if (reader.isText(1)) email = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else reader.skip();
    }
    return { email, name };
  },
};

export const createUserRequest = codecOf(createUserRequestFields);

export type GetUserByIdRequest = {
  readonly id: string;
};

const getUserByIdRequestFields: Nested<GetUserByIdRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
  },
  read(reader) {
    let id: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else reader.skip();
    }
    return { id };
  },
};

export const getUserByIdRequest = codecOf(getUserByIdRequestFields);

export type UserResponse = {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly createdAt: string;
};

const userResponseFields: Nested<UserResponse> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.email);
    writer.text(3, message.name);
    writer.text(4, message.createdAt);
  },
  read(reader) {
    let id: string = "";
    let email: string = "";
    let name: string = "";
    let createdAt: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) email = reader.text();
      else if (reader.isText(3)) name = reader.text();
      else if (reader.isText(4)) createdAt = reader.text();
      else reader.skip();
    }
    return { id, email, name, createdAt };
  },
};

export const userResponse = codecOf(userResponseFields);

export const userService = {
  createUser: { path: "/user.UserService/CreateUser", request: createUserRequest, response: userResponse } satisfies Method<CreateUserRequest, UserResponse>,
  getUserById: { path: "/user.UserService/GetUserById", request: getUserByIdRequest, response: userResponse } satisfies Method<GetUserByIdRequest, UserResponse>,
};
